import Batches
import Crypto
import Events
import JSON
import Platform

@testable import Sections

/// Chance that every run of a test repeats.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

extension ProjectID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text): \(error)") }
  }
}

let secret: ProjectSecret = {
  guard let secret = ProjectSecret(Array(1...16)) else { preconditionFailure("16 bytes") }
  return secret
}()
let hasher = secret.people

func columns(of events: [Event]) throws -> BatchColumns {
  var list = EventList()
  for event in events { try event.append(to: &list) }
  let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
  return try BatchColumns(
    decoding: body.bytes,
    limits: BatchLimits(rows: 65_535, compressedBytes: 64 << 20, plainBytes: 64 << 20))
}

/// The sections of these events, which arrive in batches of `size`.
func sections(
  of events: [Event], batchSize size: Int = 100, shift: Int64 = 0
) throws -> [EncodedSection] {
  var rows = BatchRows(
    secret: secret, windows: WindowRule(months: 1_600_000_000_000..<1_900_000_000_000))
  var start = 0
  while start < events.count {
    let end = min(start + size, events.count)
    rows.add(
      try columns(of: Array(events[start..<end])), from: "c\(start / size % 3)",
      clockShift: shift, except: { _ in false })
    start = end
  }
  return rows.sections(project: "acme", seed: 7)
}

/// Events as a careless world makes them: several months, equal times, people with and without ids,
/// properties of every kind, names that repeat.
func randomEvents(
  _ count: Int, _ random: inout SeededGenerator, ties: Bool = false
) -> [Event] {
  let months: Int64 = ties ? 900 : 90 * 86_400_000
  return (0..<count).map { number in
    let cts =
      Int.random(in: 0..<50, using: &random) == 0
      ? Int64(number) : 1_767_571_200_000 + Int64.random(in: 0..<months, using: &random) / 9 * 9
    let person = Int.random(in: 0..<(count / 10 + 1), using: &random)
    let who = Int.random(in: 0..<8, using: &random)
    var members: [Member] = []
    for key in ["amount", "deep", "flag", "list", "none", "path", "plan"]
    where Bool.random(using: &random) {
      members.append(.init(key, randomValue(key, &random)))
    }
    return Event(
      id: EventID(
        milliseconds: Int.random(in: 0..<20, using: &random) == 0 ? cts + 200_000_000 : cts,
        chance: (random.next(), random.next())),
      kind: EventKind.allCases[Int.random(in: 0..<30, using: &random) % 8 % 7],
      flags: Bool.random(using: &random) ? .interactive : [.interactive, .idIsMinted],
      name: "event \(Int.random(in: 0..<12, using: &random) / 2)", cts: cts,
      sts: max(0, cts + Int64.random(in: -5...90_000, using: &random)),
      rawTime: number % 7 == 0 ? cts + 77 : nil,
      profile: who < 5 ? "p_\(person)" : nil,
      device: who == 5 || who == 0 ? "device-\(person)" : nil,
      session: who < 6 ? "s_\(person)_\(cts / 3_600_000)" : nil,
      visitor: who == 6 ? "v\(person)" : nil, props: .object(members),
      ctx: .object([
        .init("browser", .string(["Chrome", "Firefox", ""][person % 3])),
        .init("country", person % 5 == 0 ? .null : .string("DE")),
      ]))
  }
}

typealias Member = JSONMember

func randomValue(_ key: String, _ random: inout SeededGenerator) -> JSONValue {
  switch (key, Int.random(in: 0..<6, using: &random)) {
  case ("amount", 0): .integer(Int64(bitPattern: random.next()) >> 20)
  case ("amount", 1): .double(Double(bitPattern: random.next() & 0x7FEF_FFFF_FFFF_FFFF))
  case ("amount", _): .double(Double(Int.random(in: 0..<100_000, using: &random)) / 100)
  case ("path", _): .string("/docs/\(Int.random(in: 0..<40, using: &random))?q=ü\"\\")
  case ("plan", 0): .null
  case ("plan", _): .string(["free", "pro", "team", ""][Int.random(in: 0..<4, using: &random)])
  case ("flag", _): .bool(Bool.random(using: &random))
  case ("list", _): .array([.integer(1), .string("x"), .object([.init("y", .null)])])
  case ("deep", 0): .object([])
  case ("deep", _):
    .object([
      .init("a", .object([.init("b", .integer(Int64.random(in: 0..<9, using: &random)))])),
      .init("c", .string(String(random.next(), radix: 16))),
    ])
  default: .null
  }
}
