import JSON
import Platform
import Testing

@testable import Events

extension Model {
  /// The same value with its keys sorted, as canonical encodings have them.
  var value: JSONValue {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .integer(let value): .integer(value)
    case .double(let value): .double(value)
    case .string(let text): .string(text)
    case .array(let values): .array(values.map(\.value))
    case .object(let members):
      .object(
        members.sorted { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) }
          .map { JSONMember($0.0, $0.1.value) })
    }
  }
}

@Suite("Events in memory") struct EventTests {
  @Test("an encoding becomes JSON with the same values and kinds", arguments: UInt64(0)..<100)
  func json(seed: UInt64) throws {
    var random = seeded(seed)
    let model = Model.object(&random, depth: 6)
    let encoded = try encode(model.json(&random))
    let value = try Properties.value(encoded.span, from: 0)
    #expect(value == model.value)
  }

  @Test("an encoding that is cut or changed becomes JSON or a problem", arguments: UInt64(0)..<40)
  func damaged(seed: UInt64) {
    var random = seeded(seed)
    let encoded = Model.object(&random, depth: 4).encoded
    for end in 0..<encoded.count {
      let piece = Array(encoded[..<end])
      #expect(throws: Properties.Problem.self) { try Properties.value(piece.span, from: 0) }
    }
    for _ in 0..<200 {
      var changed = encoded
      changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
      _ = try? Properties.value(changed.span, from: 0)
    }
  }

  @Test("a record read into memory and written again is the same bytes", arguments: UInt64(0)..<60)
  func roundTrip(seed: UInt64) throws {
    var random = seeded(seed)
    func id() -> String? { Bool.random(using: &random) ? Model.text(&random) + "x" : nil }
    let flags: EventRecord.Flags =
      [[], .interactive, .ctsIsReceipt, .idIsMinted].randomElement(using: &random)!
    let event = Event(
      id: EventID(milliseconds: 1_000, chance: (random.next(), random.next())),
      kind: EventKind.allCases.randomElement(using: &random)!, flags: flags, name: "näme",
      cts: Int64.random(in: 0..<1 << 48, using: &random), sts: 5,
      rawTime: flags.contains(.ctsIsReceipt) ? nil : 6, profile: id(), device: id(), session: id(),
      visitor: id(), props: Model.object(&random, depth: 4).value,
      ctx: Model.object(&random, depth: 2).value)
    var list = EventList()
    try event.append(to: &list)
    let bytes = list.bytes
    let read = try Event(record: bytes.span)
    #expect(read == event)
  }
}
