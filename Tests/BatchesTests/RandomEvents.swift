import Events
import Platform

/// Events of every sort that a client may send, and of a few that none should.
struct RandomEvents {
  var random: RandomGenerator
  var people: [String]
  var names: [String]

  init(seed: UInt64) {
    random = RandomGenerator(SeededRandom(seed: seed))
    people = (0..<20).map { $0 % 7 == 0 ? "user \($0)" : "p_00ff00ff0000000\($0 % 10)" }
    names = ["page_view", "click", "purchase", "ünïcode 名前", "x"]
  }

  mutating func pick<T>(_ values: [T]) -> T {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  mutating func integer() -> Int64 {
    Int64(bitPattern: random.next()) >> Int64.random(in: 0...63, using: &random)
  }

  mutating func text() -> String {
    switch Int.random(in: 0..<9, using: &random) {
    case 0: ""
    case 1: "\(integer())"
    case 2: "10.0.\(UInt8.random(in: 0...255, using: &random)).7"
    case 3: "ключ \u{0} \"quoted\" \u{10FFFF}"
    case 4: EventID(milliseconds: 5, chance: (random.next(), random.next())).description
    case 5: "s_" + String(random.next() | 1 << 63, radix: 16)
    case 6: String(repeating: "long ", count: Int.random(in: 0..<60, using: &random))
    default: "value \(Int.random(in: 0..<9, using: &random))"
    }
  }

  mutating func double() -> Double {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: -0.0
    case 1: 0.1 + 0.2
    case 2: Double(Int.random(in: 0..<100_000, using: &random)) / 100
    case 3: Double.greatestFiniteMagnitude
    default: finite(Double(bitPattern: random.next()))
    }
  }

  private func finite(_ value: Double) -> Double { value.isFinite ? value : 1.5 }

  mutating func value(depth: Int) -> Value {
    switch Int.random(in: 0..<(depth > 0 ? 12 : 9), using: &random) {
    case 0: return .null
    case 1: return .bool(chance(50))
    case 2, 3: return .integer(integer())
    case 4, 5: return .double(double())
    case 6...8: return .string(text())
    case 9, 10: return .object(object(depth: depth - 1, most: 4))
    default:
      let count = Int.random(in: 0..<4, using: &random)
      return .array((0..<count).map { _ in value(depth: depth - 1) })
    }
  }

  mutating func object(depth: Int, most: Int) -> [String: Value] {
    var object: [String: Value] = [:]
    for _ in 0..<Int.random(in: 0...most, using: &random) {
      object[pick(["a", "b", "amount", "path", "", "ключ", "z\u{0}", "aa"])] = value(depth: depth)
    }
    return object
  }

  mutating func event() -> SampleEvent {
    var event = SampleEvent()
    let time = 1_767_571_330_437 + Int64.random(in: 0..<100_000, using: &random)
    event.cts = chance(3) ? integer() : time
    event.sts = chance(3) ? integer() : time + 90
    event.raw = chance(10) ? integer() : nil
    event.id = EventID(
      milliseconds: chance(10) ? integer() & 0xFFFF_FFFF_FFFF : event.cts,
      chance: (random.next(), random.next()))
    event.kind = UInt8(Int.random(in: 0...6, using: &random))
    event.otherFlags = chance(20) ? UInt16(truncatingIfNeeded: random.next()) : 0x20
    event.name = chance(95) ? pick(names) : text()
    event.profile = chance(70) ? pick(people) : nil
    event.device = chance(40) ? "device of " + (event.profile ?? pick(people)) : nil
    event.session = chance(60) ? "s_" + (event.profile ?? "") + "\(event.cts / 20_000)" : nil
    event.visitor = chance(10) ? text() : nil
    event.props = object(depth: 4, most: 6)
    event.ctx = chance(80) ? habits(of: event.profile ?? "") : object(depth: 1, most: 3)
    return event
  }

  private func habits(of person: String) -> [String: Value] {
    let number = person.utf8.reduce(7) { ($0 &* 31) & 0xFF ^ Int($1) }
    return [
      "ip": .string("10.0.0.\(number)"), "width": .integer(Int64(number * 16)),
      "ratio": .double(Double(number) / 4), "os": .string(number % 2 == 0 ? "iOS" : "Linux"),
      "screen": .object(["dark": .bool(number % 3 == 0)]),
    ]
  }

  mutating func events(_ count: Int) -> [SampleEvent] { (0..<count).map { _ in event() } }
}
