import JSON
import Platform
import Testing

@testable import Events

@Suite("Drafts and records") struct EventDraftTests {
  static let now: Int64 = 1_771_665_012_345
  let ids = EventIDSource(clock: TestClock(now), random: SeededRandom(seed: 7))
  let acme = try! ProjectID("acme-web")

  func reception(
    address: String? = nil, userAgent: String? = nil, visitor: String? = nil, key: String? = nil
  ) -> Reception {
    Reception(
      project: acme, milliseconds: Self.now, address: address, userAgent: userAgent,
      visitor: visitor, idempotencyKey: key.flatMap(IdempotencyKey.init))
  }

  /// The record of one event, checked as if it came from a stranger.
  func record(
    _ reception: Reception? = nil, textBytes: Int = 100,
    _ fill: (inout EventDraft) throws -> Void
  ) throws -> (EventRecordView, [UInt8]) {
    var draft = EventDraft()
    try fill(&draft)
    var list = EventList()
    try draft.finish(
      reception ?? self.reception(), dialect: "test", index: 0, textBytes: textBytes, ids: ids,
      into: &list)
    let bytes = list.bytes
    let view = try EventRecordView(bytes.span, range: list.range(at: 0), checking: true)
    #expect(list.id(at: 0) == view.id)
    return (view, bytes)
  }

  func text(_ range: Range<Int>?, _ bytes: [UInt8]) -> String? {
    range.map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test("what is set is read back from the record")
  func roundTrip() throws {
    let (view, bytes) = try record { draft in
      let json = Array(#"{"amount":5999,"a":null}"#.utf8)
      var cursor = JSONCursor()
      try draft.props.addMembers(of: &cursor, json.span, field: "props")
      try draft.set(.session, to: "s1")
      try draft.set(.profile, to: "user_12345")
      try draft.set(.name, to: "purchase")
      try draft.set(.device, to: "d1")
      try draft.set(.key, to: "019b8b74-a767-710b-89d1-fa5bc7c51491")
      draft.clientTime = 1_771_665_000_000
    }
    #expect(view.id.description == "019b8b74-a767-710b-89d1-fa5bc7c51491")
    #expect(text(view.name, bytes) == "purchase")
    #expect(text(view.profile, bytes) == "user_12345")
    #expect(text(view.device, bytes) == "d1")
    #expect(text(view.session, bytes) == "s1")
    #expect(view.visitor == nil && view.rawTime == nil)
    #expect(view.cts == 1_771_665_000_000 && view.sts == Self.now)
    #expect(view.kind == .custom)
    #expect(view.flags == [.profile, .device, .session, .interactive])
    #expect(
      Array(bytes[view.props]) == Model.object([("a", .null), ("amount", .integer(5999))]).encoded)
    #expect(Array(bytes[view.ctx]) == Properties.empty)
  }

  @Test("the layout is the documented one, byte by byte")
  func golden() throws {
    let (_, bytes) = try record { draft in
      try draft.set(.name, to: "page_view")
      try draft.set(.profile, to: "u")
      try draft.set(.key, to: "019b8b74-a767-710b-89d1-fa5bc7c51491")
      draft.clientTime = 0x0102_0304_0506
      draft.sentTime = Self.now + 100_000
    }
    let header: [UInt8] = [
      1, 1, 0x23, 0, 0x01, 0x9b, 0x8b, 0x74, 0xa7, 0x67, 0x71, 0x0b, 0x89, 0xd1, 0xfa, 0x5b, 0xc7,
      0xc5, 0x14, 0x91,
    ]
    let cts = (0..<8).map { UInt8(truncatingIfNeeded: (0x0102_0304_0506 - 100_000) >> (8 * $0)) }
    let sts = (0..<8).map { UInt8(truncatingIfNeeded: Self.now >> (8 * $0)) }
    let raw: [UInt8] = [6, 5, 4, 3, 2, 1, 0, 0]
    let name = [9] + Array("page_view".utf8)
    let tail: [UInt8] = [1, 0x75, 7, 0, 0, 0, 0, 7, 0, 0, 0, 0]
    #expect(bytes == header + cts + sts + name + raw + tail)
  }

  @Test("a record that is cut anywhere is refused, and so is one with more behind it")
  func cut() throws {
    let (_, bytes) = try record(reception(address: "203.0.113.5")) { draft in
      try draft.set(.name, to: "a")
      try draft.set(.session, to: "s1")
    }
    for end in 0..<bytes.count {
      for checking in [true, false] {
        #expect(throws: EventRecord.Problem.self) {
          try EventRecordView(bytes.span, range: 0..<end, checking: checking)
        }
      }
    }
    let longer = bytes + [0]
    #expect(throws: EventRecord.Problem.trailing(at: bytes.count)) {
      try EventRecordView(longer.span, range: 0..<longer.count, checking: false)
    }
  }

  @Test("a changed byte never traps", arguments: UInt64(0)..<40)
  func mutation(seed: UInt64) throws {
    var random = seeded(seed)
    let (_, bytes) = try record(reception(address: "203.0.113.5", visitor: "v")) { draft in
      try draft.set(.name, to: "a")
      try draft.set(.session, to: "s1")
      draft.clientTime = 5
    }
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8(
          truncatingIfNeeded: random.next())
      }
      for checking in [true, false] {
        let view = try? EventRecordView(
          changed.span, range: 0..<changed.count, checking: checking)
        if let view { _ = PayloadHash(view, in: changed.span) }
      }
    }
  }

  @Test(
    "the client's time is corrected only where its clock is more than a minute off",
    arguments: [
      (1_000_000, nil, 1_000_000, nil), (1_000_000, 0, 1_000_000, nil),
      (1_000_000, 60_000, 1_000_000, nil), (1_000_000, -60_000, 1_000_000, nil),
      (1_000_000, 60_001, 939_999, 1_000_000), (1_000_000, -60_001, 1_060_001, 1_000_000),
      (0, 60_001, 0, nil),  // Corrected, it would lie before 1970.
    ] as [(Int64, Int64?, Int64, Int64?)])
  func correction(client: Int64, ahead: Int64?, cts: Int64, raw: Int64?) throws {
    let (view, _) = try record { draft in
      try draft.set(.name, to: "a")
      draft.clientTime = client
      draft.sentTime = ahead.map { Self.now + $0 }
    }
    #expect(view.cts == cts)
    #expect(view.rawTime == raw)
    #expect(view.clientTime == client)
    #expect(!view.flags.contains(.ctsIsReceipt))
  }

  @Test(
    "no time, or one that 48 bits do not hold, is the time of receipt",
    arguments: [nil, -1, 1 << 48, .min, .max] as [Int64?])
  func receiptTime(client: Int64?) throws {
    let (view, _) = try record { draft in
      try draft.set(.name, to: "a")
      draft.clientTime = client
    }
    #expect(view.cts == Self.now && view.flags.contains(.ctsIsReceipt))
    #expect(view.clientTime == nil)
    let (last, _) = try record { draft in
      try draft.set(.name, to: "a")
      draft.clientTime = 1 << 48 - 1
    }
    #expect(last.cts == 1 << 48 - 1)
  }

  @Test("an event without a key gets an id of the time of receipt; with one, its own")
  func identity() throws {
    let (minted, _) = try record { try $0.set(.name, to: "a") }
    #expect(minted.flags.contains(.idIsMinted) && minted.id.milliseconds >= Self.now)

    func foreign(_ sent: Int64?) throws -> (EventRecordView, [UInt8]) {
      try record { draft in
        try draft.set(.name, to: "a")
        try draft.set(.key, to: "0cc175b9-c0f1-46b6-831c-399e269772661")
        draft.clientTime = 77
        draft.sentTime = sent
      }
    }
    let (first, bytes) = try foreign(Self.now - 500_000)
    #expect(first.id.milliseconds == 77)
    #expect(!first.flags.contains(.idIsMinted))
    #expect(try foreign(Self.now - 900_000).0.id == first.id)
    let vendor = Model.object([("vendor_id", .string("0cc175b9-c0f1-46b6-831c-399e269772661"))])
    #expect(Array(bytes[first.ctx]) == vendor.encoded)

    let (request, _) = try record(reception(key: "k")) { try $0.set(.name, to: "a") }
    #expect(!request.flags.contains(.idIsMinted))
    #expect(try record(reception(key: "k")) { try $0.set(.name, to: "a") }.0.id == request.id)
  }

  @Test("the request's address and user agent fill what the client left open, and no more")
  func filling() throws {
    let request = reception(
      address: "203.0.113.5", userAgent: String(repeating: "é", count: 600), visitor: "v1")
    let (view, bytes) = try record(request) { draft in
      let json = Array(#"{"ip":null,"z":1}"#.utf8)
      var cursor = JSONCursor()
      try draft.ctx.addMembers(of: &cursor, json.span, field: "ctx")
      try draft.set(.name, to: "a")
    }
    let expected = Model.object([
      ("ip", .null), ("user_agent", .string(String(repeating: "é", count: 512))),
      ("z", .integer(1)),
    ])
    #expect(Array(bytes[view.ctx]) == expected.encoded)
    #expect(text(view.visitor, bytes) == "v1")
    let (known, _) = try record(request) { draft in
      try draft.set(.name, to: "a")
      try draft.set(.device, to: "d")
    }
    #expect(known.visitor == nil)
  }

  @Test("each limit holds at its edge")
  func limits() throws {
    func name(_ count: Int) throws {
      _ = try record {
        try $0.set(.name, to: Array(repeating: 0x61, count: count).span, field: "n")
      }
    }
    try name(200)
    #expect(throws: EventProblem.name(.tooLong(utf8Count: 201))) { try name(201) }
    #expect(throws: EventProblem.name(.empty)) { try name(0) }
    func id(_ slot: EventDraft.Slot, _ count: Int) throws {
      _ = try record { draft in
        try draft.set(.name, to: "a")
        try draft.set(slot, to: Array(repeating: 0x61, count: count).span, field: "x")
      }
    }
    for slot in [EventDraft.Slot.profile, .device, .session, .key] {
      try id(slot, 1)
      try id(slot, 256)
      #expect(throws: EventProblem.id(field: "x", utf8Count: 257)) { try id(slot, 257) }
      #expect(throws: EventProblem.id(field: "x", utf8Count: 0)) { try id(slot, 0) }
    }
    _ = try record(textBytes: EventLimits.eventBytes) { try $0.set(.name, to: "a") }
    #expect(throws: EventProblem.tooLarge(bytes: EventLimits.eventBytes + 1)) {
      try record(textBytes: EventLimits.eventBytes + 1) { try $0.set(.name, to: "a") }
    }
  }

  @Test("the largest legal text makes a record that a stranger's checks accept")
  func largestRecord() throws {
    // Short doubles grow the most: four bytes of text become nine.
    let json = Array(("{\"a\":[" + String(repeating: "1e1,", count: 16_380) + "1]}").utf8)
    #expect(json.count <= EventLimits.eventBytes)
    let agent = String(repeating: "x", count: 5_000)
    let (view, _) = try record(reception(address: "::1", userAgent: agent), textBytes: json.count) {
      var cursor = JSONCursor()
      try $0.props.addMembers(of: &cursor, json.span, field: "props")
      try $0.set(.name, to: "a")
    }
    #expect(view.range.count > 140_000)
  }

  @Test("a draft that failed is clean once it is cleared")
  func reuse() throws {
    var draft = EventDraft()
    let json = Array(#"{"a":{"b":[{"c":1,"c":2}]}}"#.utf8)
    var cursor = JSONCursor()
    try draft.set(.profile, to: "p")
    #expect(throws: EventProblem.duplicateKey("c")) {
      try draft.props.addMembers(of: &cursor, json.span, field: "props")
    }
    draft.clear()
    try draft.set(.name, to: "a")
    var list = EventList()
    try draft.finish(
      reception(), dialect: "test", index: 0, textBytes: 9, ids: ids, into: &list)
    let view = try EventRecordView(list.bytes.span, range: list.range(at: 0), checking: true)
    #expect(view.profile == nil && Array(list.bytes[view.props]) == Properties.empty)
  }

  @Test("the payload hash sees what an event says and nothing of its delivery")
  func payloadHash() throws {
    func hash(
      _ reception: Reception? = nil, name: StaticString = "a", profile: StaticString? = nil,
      time: Int64? = 5, sent: Int64? = nil, props: String = "{}"
    ) throws -> PayloadHash {
      let (view, bytes) = try record(reception) { draft in
        let json = Array(props.utf8)
        var cursor = JSONCursor()
        try draft.props.addMembers(of: &cursor, json.span, field: "props")
        try draft.set(.name, to: name)
        if let profile { try draft.set(.profile, to: profile) }
        draft.clientTime = time
        draft.sentTime = sent
      }
      return PayloadHash(view, in: bytes.span)
    }
    let plain = try hash()
    #expect(try hash(reception(address: "1.2.3.4")) == plain)
    #expect(try hash(sent: Self.now - 90_000) == plain)
    #expect(try hash(name: "b") != plain)
    #expect(try hash(profile: "p") != plain)
    #expect(try hash(time: 6) != plain)
    #expect(try hash(time: nil) != plain)
    #expect(try hash(props: #"{"a":1}"#) != plain)
    #expect(try hash(props: #"{"a":1}"#) != hash(props: #"{"a":1.0}"#))
    #expect(try hash(props: #"{"a":1,"b":2}"#) == hash(props: #"{"b":2,"a":1}"#))
  }

  @Test("a list of events is cut and joined at its records")
  func lists() throws {
    var list = EventList()
    for record: [UInt8] in [[1], [2, 2], [3, 3, 3]] { list.append(record: record.span) }
    var other = list
    other.truncate(to: 2)
    #expect(other.bytes == [1, 2, 2] && other.ends == [1, 3])
    other.append(list)
    #expect(other.count == 5 && other.range(at: 4) == 6..<9)
    other.truncate(to: 9)
    #expect(other.count == 5)
    other.truncate(to: 0)
    #expect(other.isEmpty && other.bytes.isEmpty)
    #expect(EventList(adopting: [1, 2], ends: [1, 2]) != nil)
    #expect(EventList(adopting: [1, 2], ends: [1]) == nil)
    #expect(EventList(adopting: [1, 2], ends: [2, 2]) == nil)
    #expect(EventList(adopting: [1, 2], ends: [3]) == nil)
    #expect(EventList(adopting: [], ends: []) != nil)
  }
}
