import Events
import JSON
import Testing

@testable import Dialects

@Suite("Prism") struct PrismTests {
  func one(_ body: String) throws -> Event {
    let reading = try Reading(body)
    #expect(reading.rejections.isEmpty, "\(reading.rejections)")
    return try #require(reading.events.first)
  }

  static let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)

  func problem(_ body: String) throws -> String? { try Reading(body).rejections.first?.code }

  @Test("device and session are fields, and what is unknown goes to props behind what is there")
  func fields() throws {
    let event = try one(
      #"{"amount":1,"event_name":"a","device_id":"d","session_id":"s","props":{"amount":2,"b":3},"z":[null]}"#
    )
    #expect(event.device == "d" && event.session == "s")
    #expect(event.props == ["amount": 2, "b": 3, "z": [nil]])
  }

  @Test("null is as good as nothing for a field, and is kept in props")
  func nulls() throws {
    let event = try one(
      #"{"event_name":"a","event_id":null,"project_id":null,"cts":null,"profile_id":null,"props":null,"ctx":null,"x":null}"#
    )
    #expect(event.profile == nil && event.props == ["x": nil] && event.ctx == .object([]))
    #expect(event.flags.isSuperset(of: [.ctsIsReceipt, .idIsMinted]))
  }

  @Test("ids that a client keeps as integers are their digits")
  func integerIDs() throws {
    #expect(try one(#"{"event_name":"a","profile_id":-42}"#).profile == "-42")
    #expect(try problem(#"{"event_name":"a","profile_id":4.5}"#) == "wrong_type")
    #expect(try problem(#"{"event_name":"a","profile_id":true}"#) == "wrong_type")
    #expect(try problem(#"{"event_name":7}"#) == "wrong_type")
  }

  @Test(
    "cts is milliseconds whatever its size, and what 48 bits do not hold is none",
    arguments: [
      ("1", 1), ("1704110400", 1_704_110_400), ("1771665000000.9", 1_771_665_000_000), ("0", 0),
      ("281474976710655", 281_474_976_710_655), ("281474976710656", nil), ("-1", nil),
      ("1e300", nil), ("99999999999999999999", nil),
      (#""2024-01-01T12:00:00Z""#, 1_704_110_400_000),
    ] as [(String, Int64?)])
  func cts(written: String, expected: Int64?) throws {
    let event = try one(#"{"event_name":"a","cts":\#(written)}"#)
    #expect(event.cts == expected ?? Reading.now)
    #expect(event.flags.contains(.ctsIsReceipt) == (expected == nil))
  }

  @Test(
    "a time that is none is refused by the field's name",
    arguments: [
      #""yesterday""#, "true", "[]", #""2024-13-01T00:00:00Z""#, #""""#,
    ])
  func badTime(written: String) throws {
    let reading = try Reading(#"{"event_name":"a","cts":\#(written)}"#)
    #expect(reading.rejections.map(\.code) == ["bad_timestamp"])
    #expect(reading.rejections[0].reason.contains("`cts`"))
  }

  @Test("a UUIDv7 is kept, any other key becomes one that its retry meets")
  func identity() throws {
    let id = "019C7F54-1240-7ABC-8DEF-0123456789AB"
    #expect(try one(#"{"event_name":"a","event_id":"\#(id)"}"#).id.description == id.lowercased())
    let foreign = #"{"event_name":"a","event_id":"order-17","cts":1771665000000}"#
    let first = try one(foreign)
    #expect(try one(foreign).id == first.id)
    #expect(first.id.milliseconds == 1_771_665_000_000)
    #expect(first.ctx["vendor_id"] == "order-17")
    #expect(!first.flags.contains(.idIsMinted))
    let undated = try one(#"{"event_name":"a","event_id":"order-17"}"#)
    #expect((0..<86_400_000).contains(undated.id.milliseconds))
  }

  @Test("a request with an idempotency key repeats its ids")
  func idempotency() throws {
    let body = Array(#"[{"event_name":"a"},{"event_name":"a"}]"#.utf8)
    let first = try Reading(body, key: "k1").events.map(\.id)
    #expect(try Reading(body, key: "k1").events.map(\.id) == first)
    #expect(Set(first).count == 2)
    #expect(try Reading(body, key: "k2").events.map(\.id) != first)
  }

  @Test(
    "names of pages make page views",
    arguments: [
      ("page_view", EventKind.page), ("$pageview", .page), ("pageview", .page), ("page", .page),
      ("screen_view", .page), ("$screen", .screen), ("engagement", .engagement), ("Page", .custom),
      ("page_views", .custom),
    ])
  func kinds(name: String, kind: EventKind) throws {
    let event = try one(#"{"event_name":"\#(name)"}"#)
    #expect(event.kind == kind && event.name == name)
    #expect(event.flags.contains(.interactive) == (kind != .engagement))
  }

  @Test("the request's address fills an event and never covers the client's")
  func context() throws {
    let body = Array(#"[{"event_name":"a","ctx":{"ip":"10.0.0.1"}},{"event_name":"b"}]"#.utf8)
    let events = try Reading(body, address: "203.0.113.9", userAgent: "UA").events
    #expect(events[0].ctx == ["ip": "10.0.0.1", "user_agent": "UA"])
    #expect(events[1].ctx == ["ip": "203.0.113.9", "user_agent": "UA"])
    #expect(try Reading(body).events[1].ctx == .object([]))
  }

  @Test("the event's text may have 64 KiB and not a byte more")
  func eventSize() throws {
    func body(_ bytes: Int) -> String {
      let frame = #"{"event_name":"a","props":{"x":""}}"#.utf8.count
      return #"{"event_name":"a","props":{"x":"\#(String(repeating: "y", count: bytes - frame))"}}"#
    }
    let limit = EventLimits.eventBytes
    let agent = String(repeating: "u", count: 3_000)
    let most = try Reading(Array(body(limit).utf8), address: "::1", userAgent: agent)
    #expect(most.events.count == 1)
    #expect(try Reading("  " + body(limit) + "  ").events.count == 1)
    let more = try Reading("[\(body(limit + 1)),{\"event_name\":\"b\"}]")
    #expect(more.events.map(\.name) == ["b"])
    #expect(more.rejections.map(\.code) == ["event_too_large"])
    #expect(more.rejections[0].reason.contains("65536"))
  }

  @Test("an event may be 16 levels deep and not one more, wherever the depth is")
  func depth() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    // The event is the first level and props the second.
    #expect(try Reading(#"{"event_name":"a","props":{"x":\#(nested(14))}}"#).events.count == 1)
    #expect(try problem(#"{"event_name":"a","props":{"x":\#(nested(15))}}"#) == "event_too_deep")
    #expect(try problem(#"{"event_name":"a","ctx":{"x":\#(nested(15))}}"#) == "event_too_deep")
    #expect(try Reading(#"{"event_name":"a","x":\#(nested(14))}"#).events.count == 1)
    #expect(try problem(#"{"event_name":"a","x":\#(nested(15))}"#) == "event_too_deep")
    #expect(try problem(#"{"event_name":"a","x":\#(nested(40))}"#) == "event_too_deep")
  }

  @Test("an event may have 1,000 properties and not one more")
  func properties() throws {
    func body(_ count: Int) -> String {
      let members = (0..<count).map { "\"k\($0)\":0" }.joined(separator: ",")
      return #"{"event_name":"a","props":{\#(members)},"ctx":{\#(members)}}"#
    }
    let full = try Reading(Array(body(1_000).utf8), address: "::1", userAgent: "UA")
    #expect(full.events.first?.props.object?.count == 1_000)
    #expect(full.events.first?.ctx.object?.count == 1_002)
    #expect(try problem(body(1_001)) == "too_many_properties")
  }

  @Test("names and ids hold their limits")
  func lengths() throws {
    func name(_ count: Int) throws -> String? {
      try problem(#"{"event_name":"\#(String(repeating: "n", count: count))"}"#)
    }
    #expect(try name(200) == nil)
    #expect(try name(201) == "bad_name")
    #expect(try name(0) == "bad_name")
    #expect(try problem(#"{"event_name":"a\u0007"}"#) == "bad_name")
    for field in ["event_id", "profile_id", "device_id", "session_id"] {
      func id(_ count: Int) throws -> String? {
        try problem(#"{"event_name":"a","\#(field)":"\#(String(repeating: "i", count: count))"}"#)
      }
      #expect(try id(256) == nil)
      #expect(try id(257) == "bad_id")
      #expect(try id(0) == "bad_id")
    }
  }

  @Test(
    "what only the event makes wrong does not refuse the others",
    arguments: [
      (#""props":[]"#, "wrong_type"), (#""props":"x""#, "wrong_type"), (#""ctx":7"#, "wrong_type"),
      (#""props":{"x":1e999}"#, "invalid_json"), (#""x":"\ud83d""#, "invalid_json"),
      (#""x":\#(PrismTests.deep)"#, "event_too_deep"),
    ])
  func wrongInside(member: String, code: String) throws {
    let body = "[{\"event_name\":\"a\",\(member)},{\"event_name\":\"b\"}]"
    let reading = try Reading(body)
    #expect(reading.events.map(\.name) == ["b"] && reading.rejections.map(\.code) == [code])
  }
}
