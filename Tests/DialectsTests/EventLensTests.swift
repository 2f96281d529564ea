import Events
import JSON
import Testing

@testable import Dialects

@Suite("Event Lens and OpenPanel") struct EventLensTests {
  func item(_ type: String, _ payload: String, address: String? = nil) throws -> Reading {
    try Reading(
      Array(#"{"type":"\#(type)","payload":\#(payload)}"#.utf8), on: "/track", address: address)
  }

  @Test("reserved properties become what they name")
  func reserved() throws {
    let reading = try item(
      "track",
      #"""
      {"name":"screen_view","profileId":"u42","groups":["g1"],"properties":{
        "__path":"https://shop.test/cart?a=1#x","__title":"Cart","__referrer":"https://ex.org",
        "__timestamp":"2026-03-01T10:00:00.000Z","__ip":"203.0.113.7","__deviceId":"dev",
        "__revenue":1999,"__other":1,"color":"red"}}
      """#, address: "198.51.100.1")
    let event = try #require(reading.events.first)
    #expect(event.kind == .page && event.name == "screen_view")
    #expect(event.profile == "u42" && event.device == "dev")
    #expect(event.cts == 1_772_359_200_000)
    #expect(event.props == ["__other": 1, "color": "red", "revenue": 1999])
    #expect(
      event.ctx
        == [
          "groups": ["g1"], "ip": "203.0.113.7", "path": "/cart", "referrer": "https://ex.org",
          "title": "Cart", "url": "https://shop.test/cart?a=1#x",
        ])
    #expect(try reading.replyJSON == ["deviceId": "dev", "sessionId": ""])
  }

  @Test("what the payload says itself comes before a reserved property")
  func precedence() throws {
    let reading = try item(
      "track",
      #"{"properties":{"__path":"/b","__deviceId":"d2","__timestamp":5,"revenue":1,"__revenue":2},"name":"x","path":"/a","deviceId":"d1","timestamp":1772359200,"sessionId":"","plan":"pro"}"#
    )
    let event = try #require(reading.events.first)
    #expect(event.ctx == ["path": "/a"] && event.device == "d1" && event.session == nil)
    #expect(event.cts == 1_772_359_200_000)
    #expect(event.props == ["plan": "pro", "revenue": 1])
  }

  @Test("an __identify is an operation beside its event")
  func nestedIdentify() throws {
    let reading = try item(
      "track",
      #"{"name":"signup","deviceId":"d","properties":{"a":1,"__identify":{"profileId":"u1","email":"a@b.test"}}}"#
    )
    #expect(reading.events.map(\.name) == ["$identify", "signup"])
    #expect(reading.events[0].kind == .identify && reading.events[0].profile == "u1")
    #expect(reading.events[0].props == ["op": "set", "values": ["email": "a@b.test"]])
    #expect(reading.events[1].props == ["a": 1])
    #expect(reading.events[0].id != reading.events[1].id)
    let bad = try item("track", #"{"name":"signup","properties":{"__identify":{"email":"x"}}}"#)
    #expect(bad.events.isEmpty && bad.rejections.map(\.code) == ["missing_field"])
  }

  @Test("identify sets attributes under the names they have")
  func identify() throws {
    let reading = try item(
      "identify",
      #"{"profileId":"u42","firstName":"A","lastName":"B","email":"a@b.test","avatar":"https://x","deviceId":"d","properties":{"plan":"pro","email":"late"}}"#
    )
    let event = try #require(reading.events.first)
    #expect(event.kind == .identify && event.profile == "u42" && event.device == "d")
    #expect(
      event.props
        == [
          "op": "set",
          "values": [
            "avatar": "https://x", "email": "a@b.test", "firstName": "A", "lastName": "B",
            "plan": "pro",
          ],
        ])
    #expect(!event.flags.contains(.interactive))
  }

  @Test(
    "increment and decrement add a number, one where none is given",
    arguments: [
      ("increment", "\"value\":3,", JSONValue.integer(3)), ("increment", "", .integer(1)),
      ("decrement", "\"value\":3,", .integer(-3)), ("decrement", "\"value\":0.5,", .double(-0.5)),
      ("decrement", "\"value\":-9223372036854775808,", .double(9_223_372_036_854_775_808)),
    ])
  func increment(type: String, value: String, expected: JSONValue) throws {
    let reading = try item(type, "{\(value)\"profileId\":\"u\",\"property\":\"log\\u0069ns\"}")
    let event = try #require(reading.events.first)
    #expect(event.kind == .profile && event.name == "$profile_increment")
    #expect(
      event.props == ["op": "increment", "values": .object([JSONMember("logins", expected)])])
  }

  @Test("alias, group and assign_group are operations")
  func others() throws {
    let alias = try #require(
      try item("alias", #"{"profileId":"u42","alias":"old-7"}"#).events.first)
    #expect(alias.kind == .alias && alias.profile == "u42")
    #expect(alias.props == ["alias": "old-7", "op": "alias"])

    let group = try #require(
      try item(
        "group", #"{"id":"g1","type":"company","name":"Acme","properties":{"size":5,"name":"x"}}"#
      ).events.first)
    #expect(group.kind == .profile && group.name == "$group_set")
    #expect(
      group.props
        == [
          "group": "g1", "op": "group", "type": "company", "values": ["name": "Acme", "size": 5],
        ])

    let assigned = try #require(
      try item("assign_group", #"{"groupIds":["g1","g2"],"profileId":"u42"}"#).events.first)
    #expect(assigned.name == "$group_assign" && assigned.profile == "u42")
    #expect(assigned.props == ["groups": ["g1", "g2"], "op": "assign_group"])
  }

  @Test(
    "what an item lacks is named",
    arguments: [
      (#"{"type":"replay","payload":{}}"#, "unknown_type"),
      (#"{"type":7,"payload":{}}"#, "wrong_type"),
      (#"{"payload":{}}"#, "missing_field"), (#"{"type":"track","payload":[]}"#, "wrong_type"),
      (#"{"type":"track","payload":{}}"#, "missing_field"),
      (#"{"type":"track","payload":{"name":"a","name":"b"}}"#, "duplicate_key"),
      (#"{"type":"track","payload":{"name":"a","properties":[]}}"#, "wrong_type"),
      (#"{"type":"identify","payload":{"email":"x"}}"#, "missing_field"),
      (#"{"type":"increment","payload":{"profileId":"u"}}"#, "missing_field"),
      (
        #"{"type":"increment","payload":{"profileId":"u","property":"a","value":"1"}}"#,
        "wrong_type"
      ),
      (#"{"type":"alias","payload":{"profileId":"u"}}"#, "missing_field"),
      (#"{"type":"alias","payload":{"profileId":"u","alias":""}}"#, "bad_id"),
      (#"{"type":"group","payload":{"name":"x"}}"#, "missing_field"),
      (#"{"type":"assign_group","payload":{"profileId":"u","groupIds":[1]}}"#, "wrong_type"),
      (#"{"type":"assign_group","payload":{"groupIds":["g"]}}"#, "missing_field"),
      (#"{"type":"track","type":"track","payload":{"name":"a"}}"#, "duplicate_key"),
    ])
  func problems(body: String, code: String) throws {
    let batch = try Reading(
      #"{"events":[\#(body),{"type":"track","payload":{"name":"good"}}]}"#, on: "/track/batch")
    #expect(batch.events.map(\.name) == ["good"])
    #expect(batch.rejections.map(\.code) == [code])
    #expect(batch.reply.status == 200)
  }

  @Test("without a device of its own the SDK is told the visitor's id")
  func visitor() throws {
    let body = Array(#"{"type":"track","payload":{"name":"a"}}"#.utf8)
    let reading = try Reading(body, on: "/track", visitor: "v-1")
    #expect(try reading.replyJSON == ["deviceId": "v-1", "sessionId": ""])
    #expect(reading.events.first?.visitor == "v-1")
  }

  @Test(
    "the path of an address is found",
    arguments: [
      ("/home", "/home"), ("/home?x=1#y", "/home"), ("https://shop.test/cart", "/cart"),
      ("https://shop.test", "/"), ("https://shop.test?x", "/"), ("https://shop.test#/a", "/"),
      ("home", "home"), ("", "/"), ("?x=/a", "/"), ("app+x://host/p/q", "/p/q"),
      ("/a://b/c", "/a://b/c"), ("https:/x", "https:/x"), ("://x/y", "://x/y"),
    ])
  func paths(address: String, path: String) {
    #expect(String(decoding: PageAddress.path(Array(address.utf8)), as: UTF8.self) == path)
  }
}
