import Events
import JSON
import Query
import QueryJSON
import Testing

@testable import Aggregator

@Suite("Events as answers") struct EventJSONTests {
  private static let full = Event(
    id: id(7), kind: .page, flags: .interactive, name: "page \"view\" é", cts: 1_773_144_000_123,
    sts: 1_773_144_000_456, rawTime: 1_773_000_000_000, profile: "p\u{1}", device: "d",
    session: "s", visitor: "v", props: ["a": 1, "b": ["x", nil, 2.5]], ctx: ["ip": "::1"])

  private func stored(_ event: Event, shift: Int64 = 0) throws -> StoredEvent {
    StoredEvent(record: try list([event]).bytes, source: "direct", clockShift: shift)
  }

  private func whole(_ event: StoredEvent) throws -> JSONValue {
    var json = JSONWriter()
    try EventJSON.write(event, of: "acme", to: &json)
    return try JSONValue(parsing: json.bytes.span)
  }

  private func short(_ event: StoredEvent) throws -> JSONValue {
    var json = JSONWriter()
    try EventJSON.writeShort(event, to: &json)
    return try JSONValue(parsing: json.bytes.span)
  }

  @Test("the whole form says everything that an event has")
  func wholeForm() throws {
    let expected: JSONValue = [
      "event_id": .string(id(7).description), "project_id": "acme",
      "event_name": "page \"view\" é", "kind": "page", "interactive": true,
      "cts": 1_773_144_000_123, "sts": 1_773_144_000_456, "raw_cts": 1_773_000_000_000,
      "profile_id": "p\u{1}", "device_id": "d", "session_id": "s", "visitor_id": "v",
      "props": ["a": 1, "b": ["x", nil, 2.5]], "ctx": ["ip": "::1"], "source": "direct",
    ]
    #expect(try whole(stored(Self.full)) == expected)
  }

  @Test("the whole form says null for whom nobody named, and no raw time where there is none")
  func wholeFormOfLittle() throws {
    let json = try whole(
      stored(Event(id: id(1), flags: [], name: "click", cts: 1, sts: 2)))
    for key in ["profile_id", "device_id", "session_id", "visitor_id"] {
      #expect(json[key] == .null)
    }
    #expect(json["raw_cts"] == nil)
    #expect(json["interactive"] == false)
    #expect(json["props"] == [:])
    #expect(json["ctx"] == [:])
  }

  @Test("the short form has type, time, metadata and, where there is one, the session")
  func shortForm() throws {
    let expected: JSONValue = [
      "event_id": .string(id(7).description), "event_type": "page \"view\" é",
      "timestamp": "2026-03-10T12:00:00.123Z", "metadata": ["a": 1, "b": ["x", nil, 2.5]],
      "session_id": "s", "ctx": ["ip": "::1"],
    ]
    #expect(try short(stored(Self.full)) == expected)
    let little = try short(stored(Event(id: id(1), name: "click", cts: 0, sts: 2)))
    #expect(little["session_id"] == nil)
    #expect(little["timestamp"] == "1970-01-01T00:00:00.000Z")
  }

  @Test("a clock that was off moves the times that it said, and no others")
  func clockShift() throws {
    var event = Self.full
    #expect(try whole(stored(event, shift: 1_000))["cts"] == 1_773_144_000_123)
    event = Event(
      id: id(1), flags: .ctsIsReceipt, name: "click", cts: 1_773_144_000_123,
      sts: 1_773_144_000_123)
    let shifted = try stored(event, shift: -123)
    #expect(try whole(shifted)["cts"] == 1_773_144_000_000)
    #expect(try whole(shifted)["sts"] == 1_773_144_000_123)
    let timestamp = try short(shifted)["timestamp"]?.string ?? ""
    #expect(timestamp.hasPrefix("2026-03-10T12:00:00"))
    for (shift, expected) in [(Int64.min, 0), (.max, EventID.maximumMilliseconds)] {
      #expect(try whole(stored(event, shift: shift))["cts"] == .integer(expected))
      _ = try short(stored(event, shift: shift))
    }
  }

  @Test("a record that is cut anywhere is unreadable, and traps nothing")
  func cuts() throws {
    let record = try stored(Self.full).record
    for count in 0..<record.count {
      let cut = StoredEvent(record: Array(record.prefix(count)), source: "direct")
      #expect(throws: QueryError.self) { try whole(cut) }
      #expect(throws: QueryError.self) { try short(cut) }
    }
  }
}
