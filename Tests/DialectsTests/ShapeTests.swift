import Events
import JSON
import Testing

@testable import Dialects

@Suite("Shapes of bodies") struct ShapeTests {
  static let one = #"{"event_name":"a","cts":1}"#

  @Test(
    "one, an array, lines and an envelope are the same events",
    arguments: [
      "[{E},{E},{E}]", "{E}\n{E}\n{E}", "{E}\r\n\r\n{E}\n{E}\n\n", " {E} {E}{E}",
      #"{"events":[{E},{E},{E}]}"#, #"{"project_id":"proj_abc123","events":[{E},{E},{E}],"x":1}"#,
      "\u{FEFF}[{E},{E},{E}]",
    ], ["/api/v1/events", "/api/v1/events/batch", "/api/events/batch"])
  func same(shape: String, path: String) throws {
    var body = ""
    var rest = shape[...]
    while let first = rest.first {
      if rest.hasPrefix("{E}") {
        body += Self.one
        rest = rest.dropFirst(3)
      } else {
        body.append(first)
        rest = rest.dropFirst()
      }
    }
    let reading = try Reading(body, on: path)
    #expect(reading.events.map(\.name) == ["a", "a", "a"] && reading.rejections.isEmpty)
  }

  @Test(
    "what is no JSON is refused with the place",
    arguments: [
      ("{", 1), ("[", 1), ("[1,]", 3), (#"{"event_name":"a""#, 17), (#"[{"event_name":"a"}"#, 19),
      (#"{"events":[{"event_name":"a"}}"#, 29), ("nope", 1), (#"{"event_name":"a"}]"#, 18),
      ("[{\"event_name\":\"\u{1}\"}]", 16),
    ])
  func invalid(body: String, offset: Int) throws {
    let refusal = try #require(refused(body) as DialectRefusal?)
    #expect(refusal.status == 400 && refusal.code == "invalid_json")
    #expect(refusal.message.contains("at byte \(offset)"), "\(refusal.message)")
  }

  @Test("an empty body is refused, and an empty list is not", arguments: ["", " \n", "\u{FEFF}"])
  func empty(body: String) throws {
    #expect(refused(body)?.code == "empty_body")
    #expect(try Reading("[]").reply.status == 200)
    #expect(try Reading(#"{"events":[]}"#).replyJSON["accepted"] == 0)
  }

  @Test("a line that is no JSON costs that line only")
  func badLine() throws {
    let lines = [Self.one, #"{"event_name":"b""#, "", Self.one, "nonsense", #"{"event_name":""}"#]
    let reading = try Reading(lines.joined(separator: "\n"))
    #expect(reading.events.count == 2)
    #expect(reading.rejections.map(\.index) == [1, 3, 4])
    #expect(reading.rejections.map(\.code) == ["invalid_json", "invalid_json", "bad_name"])
    #expect(reading.reply.status == 200)
    let first = try Reading("{\"event_name\":\n" + Self.one)
    #expect(first.events.count == 1 && first.rejections.map(\.index) == [0])
    let said = try Reading(Array("{oops".utf8), isNDJSON: true)
    #expect(said.reply.status == 400 && said.rejections.count == 1)
  }

  @Test("a body whose lines each begin what they do not end is read in a time that grows with it")
  func unfinishedLines() throws {
    let line = #"{"event_name":"a","props":{"x":["# + String(repeating: "1,", count: 20_000) + "\n"
    let clock = ContinuousClock()
    var reading: Reading?
    let body = Array(String(repeating: line, count: 100).utf8)
    let time = try clock.measure { reading = try Reading(body) }
    #expect(reading?.events.isEmpty == true && reading?.rejections.count == 100)
    // Each line read to the end of the body would be 200 MB, and take minutes in this build.
    #expect(time < .seconds(20))
  }

  @Test("the shape of each event decides between Prism and the Event Tracking System")
  func byShape() throws {
    let reading = try Reading(
      #"""
      [{"event_type":"b1","user_id":"u","metadata":{"x":1},"timestamp":1704110400},
       {"event_type":"kind","event_name":"prism","metadata":{"y":1},"user_id":"u"},
       {"timestamp":1704110400000,"metadata":{"z":1},"event_type":"b1 again"},
       {"event_name":"prism again","event_type":"kind"}]
      """#)
    #expect(reading.events.map(\.name) == ["b1", "prism", "b1 again", "prism again"])
    #expect(reading.events.map(\.profile) == ["u", nil, nil, nil])
    #expect(
      reading.events[0].cts == 1_704_110_400_000 && reading.events[2].cts == reading.events[0].cts)
    #expect(reading.events[0].props == ["x": 1])
    #expect(
      reading.events[1].props == ["event_type": "kind", "metadata": ["y": 1], "user_id": "u"])
    #expect(reading.events[3].props == ["event_type": "kind"])
  }

  @Test("good events are taken and bad ones listed; with none taken it is a 400")
  func partial() throws {
    let bad = #"{"event_id":"x-1","event_name":""}"#
    let reading = try Reading("[\(Self.one),\(bad),7,{},\(Self.one)]")
    #expect(reading.events.count == 2 && reading.reply.status == 200)
    #expect(
      reading.rejections.map { "\($0.index) \($0.eventID ?? "-") \($0.code)" }
        == ["1 x-1 bad_name", "2 - not_an_object", "3 - missing_field"])
    #expect(try reading.replyJSON["rejected"]?[0]?["event_id"] == "x-1")
    #expect(try reading.replyJSON["rejected"]?[1]?["event_id"] == .null)

    let none = try Reading("[\(bad),7]")
    #expect(none.reply.status == 400)
    let json = try none.replyJSON
    #expect(json["code"] == "no_event_accepted" && json["rejected"]?.array?.count == 2)
    #expect(json["message"] == json["error"] && json["error"] == json["detail"])
    #expect(json["message"] != nil)
    #expect(try Reading(bad).replyJSON["code"] == "bad_name")
  }

  @Test("what is refused can be found in the body again")
  func places() throws {
    for (body, refused) in [
      (#"[{"event_name":"a"}, {"event_name":""} ,7]"#, [#"{"event_name":""}"#, "7"]),
      ("{\"event_name\":\"a\"}\n{oops\r\n 7 \n", ["{oops\r", "7"]),
      ("{oops\n{\"event_name\":\"a\"}", ["{oops"]),
      (
        #"[{"event_name":"a","x":"\ud83d\"]}"},{"event_name":"b"}]"#,
        [#"{"event_name":"a","x":"\ud83d\"]}"}"#]
      ),
    ] {
      let bytes = Array(body.utf8)
      let places = try Reading(bytes).rejections.map(\.place)
      #expect(places.map { String(decoding: bytes[$0!], as: UTF8.self) } == refused)
    }
  }

  @Test("an event that fails late is named by the id that stands behind the failure")
  func lateID() throws {
    let reading = try Reading(#"{"event_name":"","props":{},"event_id":"late"}"#)
    #expect(reading.rejections.first?.eventID == "late")
  }

  @Test("a body of many events is refused at one more than its limit, and leaves nothing behind")
  func tooMany() throws {
    let limit = EventLimits.eventsPerRequest
    let full = Array(repeating: Self.one, count: limit)
    #expect(try Reading("[" + full.joined(separator: ",") + "]").events.count == limit)
    #expect(try Reading(full.joined(separator: "\n")).events.count == limit)
    for body in [
      "[" + (full + [Self.one]).joined(separator: ",") + "]",
      (full + [Self.one]).joined(separator: "\n"),
      "[" + (full + ["7"]).joined(separator: ",") + "]",
    ] {
      let refusal = try #require(refused(body) as DialectRefusal?)
      #expect(refusal.status == 413 && refusal.code == "too_many_events")
      #expect(refusal.message.contains("1000"))
    }
    #expect(throws: DialectRefusal.tooManyEvents(limit: 2)) {
      try Reading(Array("[\(Self.one),\(Self.one),\(Self.one)]".utf8), maximumEvents: 2)
    }
  }

  @Test("another project than the key's is refused, for an event and for an envelope")
  func wrongProject() throws {
    let mine = #"{"event_name":"a","project_id":"proj_\u0061bc123"}"#
    let other = #"{"event_name":"a","project_id":"proj_other"}"#
    let reading = try Reading("[\(mine),\(other)]")
    #expect(reading.events.count == 1 && reading.rejections.map(\.code) == ["wrong_project"])
    #expect(reading.rejections[0].reason.contains("proj_other"))
    #expect(try Reading(other).reply.status == 400)
    let envelope = refused(#"{"events":[{"event_name":"a"}],"project_id":"p2"}"#)
    #expect(envelope?.status == 403 && envelope?.code == "wrong_project")
  }

  @Test(
    "a key of an envelope or an event that appears twice is refused",
    arguments: [
      #"{"event_name":"a","event_name":"b"}"#, #"{"event_name":"a","event\u005fname":"b"}"#,
      #"{"event_name":"a","props":{},"props":{}}"#, #"{"event_name":"a","x":1,"x":2}"#,
      #"{"event_name":"a","props":{"x":{"y":1,"y":2}}}"#,
    ])
  func duplicates(body: String) throws {
    #expect(try Reading(body).rejections.map(\.code) == ["duplicate_key"])
  }

  @Test("paths that are no routes have none, and every listed path has one")
  func routes() {
    for path in Route.paths { #expect(Route(path: path) != nil) }
    for path in ["", "/", "/Track", "/track/", "/api/v1/events/", "/api/v2/events"] {
      #expect(Route(path: path) == nil)
    }
  }

  @Test(
    "a shape that nobody speaks on /track is refused with those that are spoken",
    arguments: [
      "{}", "7", #"{"type":"track"}"#, #"{"event":"x","properties":{}}"#, "[[]]",
    ])
  func unknownShape(body: String) throws {
    let refusal = try #require(refused(body, on: "/track") as DialectRefusal?)
    #expect(refusal.status == 400 && refusal.code == "unknown_shape")
    #expect(refusal.message.contains("event_type") && refusal.message.contains("payload"))
  }
}
