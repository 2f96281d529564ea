import Columns
import Events
import Platform
import Testing

@testable import Batches

@Suite("Bodies of batches") struct RoundTripTests {
  /// Encodes, decodes and compares every record byte by byte.
  static func check(_ events: [SampleEvent], _ place: SourceLocation = #_sourceLocation) throws {
    let list = events.list
    let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
    let columns = try BatchColumns(decoding: body.bytes)
    try #require(columns.rowCount == events.count, sourceLocation: place)
    let back = columns.records()
    #expect(back == list, sourceLocation: place)
    let core = try BatchCore(decoding: body.bytes)
    for (row, event) in events.enumerated() {
      #expect(columns.record(at: row) == event.record, sourceLocation: place)
      #expect(columns.recordByteCount(at: row) == event.record.count, sourceLocation: place)
      #expect(core.ids[row] == event.id, sourceLocation: place)
      #expect(core.cts[row] == event.cts, sourceLocation: place)
      #expect(core.sts[row] == event.sts, sourceLocation: place)
      #expect(core.raw[row] == event.raw, sourceLocation: place)
      #expect(core.name(of: row) == event.name, sourceLocation: place)
      let profile = core.profiles.entries[row]
      #expect(
        profile == .max ? event.profile == nil : core.texts.string(Int(profile)) == event.profile,
        sourceLocation: place)
    }
  }

  @Test("every record comes back byte by byte", arguments: UInt64(0)..<60)
  func randomEvents(seed: UInt64) throws {
    var source = RandomEvents(seed: seed)
    let count = [1, 2, 3, 10, 100, 400][Int(seed % 6)]
    try Self.check(source.events(count))
  }

  @Test("the smallest event alone")
  func smallest() throws {
    try Self.check([SampleEvent(name: "")])
    try Self.check([SampleEvent(name: "a", props: ["": .object([:])])])
  }

  @Test("values that are easily lost")
  func edges() throws {
    let numbers: [Value] = [
      .integer(.max), .integer(.min), .integer(0), .integer(-1), .integer(1 << 53 + 1),
      .double(-0.0), .double(0), .double(.leastNonzeroMagnitude), .double(.greatestFiniteMagnitude),
      .double(1), .integer(1), .null, .bool(false), .bool(true), .string(""), .string("1"),
      .array([]), .object([:]), .array([.array([.object([:]), .null]), .double(0.1)]),
      .object(["a": .object(["b": .object([:])]), "c": .null]),
    ]
    try Self.check(numbers.map { SampleEvent(props: ["v": $0], ctx: ["v": $0, "w": $0]) })
    try Self.check(
      numbers.flatMap { left in
        numbers.map { SampleEvent(props: ["v": left, "w": $0]) }
      })
  }

  @Test("times at both ends of what 64 bits hold")
  func extremeTimes() throws {
    let times: [Int64] = [.max, .min, 0, -1, 1 << 47, 1 << 48]
    try Self.check(
      times.flatMap { cts in
        times.map { SampleEvent(cts: cts, sts: $0, raw: cts &+ $0) }
      })
  }

  @Test("objects as deep as an event may have them")
  func deep() throws {
    var value = Value.object([:])
    for _ in 2..<(EventLimits.propertiesDepth) { value = .object(["d": value]) }
    try Self.check([SampleEvent(props: ["d": value], ctx: ["d": value])])
    let tooDeep = [SampleEvent(), SampleEvent(props: ["d": .object(["d": value])])]
    #expect(throws: BatchProblem.badRecord(1)) { try BatchBody(tooDeep) }
  }

  @Test("a thousand properties in one event")
  func manyProperties() throws {
    let props = Dictionary(
      uniqueKeysWithValues: (0..<1000).map { ("key \($0)", Value.integer(Int64($0))) })
    try Self.check([SampleEvent(props: props), SampleEvent(), SampleEvent(props: props)])
  }

  @Test("five thousand names, each with properties of its own")
  func manyNames() throws {
    try Self.check(
      (0..<5000).map { number in
        SampleEvent(
          name: "event \(number)", profile: "p\(number % 700)",
          props: ["own \(number % 3000)": .integer(Int64(number)), "all": .string("\(number)")])
      })
  }

  @Test("a batch of ten thousand people, and of one")
  func manyPeople() throws {
    try Self.check(
      (0..<10_000).map { number in
        SampleEvent(profile: "person \(number)", device: "d", session: "s \(number / 2)")
      })
    try Self.check((0..<300).map { _ in SampleEvent(profile: "one", visitor: "v") })
  }

  @Test("the same records make the same bytes, whatever the encoder did before")
  func deterministic() throws {
    var source = RandomEvents(seed: 5)
    var encoder = BatchEncoder()
    for count in [300, 5, 200, 1] {
      let list = source.events(count).list
      let reused = try encoder.encode(records: list.bytes.span, ends: list.ends.span)
      let fresh = try BatchBody.encode(records: list.bytes, ends: list.ends)
      #expect(reused == fresh)
    }
  }

  @Test("the payload hash is that of the record")
  func payloadHash() throws {
    var source = RandomEvents(seed: 6)
    let list = source.events(50).list
    let columns = try BatchColumns(
      decoding: BatchBody.encode(records: list.bytes, ends: list.ends).bytes)
    for row in 0..<list.count {
      let view = try EventRecordView(list.bytes.span, range: list.range(at: row), checking: false)
      let expected = PayloadHash(view, in: list.bytes.span)
      #expect(columns.payloadHash(at: row) == expected)
    }
  }
}

@Suite("Events outside their limits") struct ProblemTests {
  @Test("the rows that are found are those whose records are refused", arguments: UInt64(0)..<20)
  func agreesWithRecords(seed: UInt64) throws {
    var source = RandomEvents(seed: seed)
    let list = source.events(60).list
    let columns = try BatchColumns(
      decoding: BatchBody.encode(records: list.bytes, ends: list.ends).bytes)
    var expected: [Int] = []
    for row in 0..<list.count {
      do {
        _ = try EventRecordView(list.bytes.span, range: list.range(at: row), checking: true)
      } catch { expected.append(row) }
    }
    #expect(columns.problems().map(\.row) == expected)
  }

  @Test("a batch within the limits has none, and each limit is looked at")
  func limits() throws {
    func problems(_ change: (inout SampleEvent) -> Void) throws -> [Int] {
      var events = [SampleEvent(), SampleEvent(profile: "p"), SampleEvent()]
      change(&events[1])
      return try BatchColumns(decoding: BatchBody(events).bytes).problems().map(\.row)
    }
    #expect(try problems { _ in } == [])
    let long = String(repeating: "x", count: 257)
    let changes: [(inout SampleEvent) -> Void] = [
      { $0.name = "" }, { $0.name = "a\u{7}" }, { $0.name = long }, { $0.profile = "" },
      { $0.device = long }, { $0.session = "" }, { $0.visitor = long }, { $0.cts = -1 },
      { $0.sts = 1 << 48 }, { $0.raw = -1 }, { $0.raw = $0.cts },
      { event in
        event.raw = 5
        event.otherFlags = EventRecord.Flags.ctsIsReceipt.rawValue
      },
      { $0.props = ["a": .string(String(repeating: "x", count: 170_000))] },
      { event in
        for number in 0..<1009 { event.props["\(number)"] = .null }
      },
      { event in
        for number in 0..<1000 { event.props["\(number)"] = .null }
        let more = Dictionary(uniqueKeysWithValues: (0..<9).map { ("\($0)", Value.null) })
        event.props["a"] = .array([.object(more)])
      },
    ]
    for (number, change) in changes.enumerated() {
      #expect(try problems(change) == [1], "change \(number)")
    }
  }
}
