import Events
import JSON
import Testing

@testable import Dialects

@Suite("Any input") struct PropertyTests {
  static let bodies: [(path: String, body: String)] = [
    (
      "/api/v1/events",
      #"{"event_id":"019c7f54-1240-7abc-8def-0123456789ab","project_id":"proj_abc123","event_name":"pürch\u0061se","cts":1771665000000,"sts":1,"profile_id":"u","device_id":"d","session_id":"s","props":{"b":[1,2.5,{"z":null,"a":true}],"a":"\ud83d\ude00"},"ctx":{"os":"iOS"},"x":-0.1}"#
    ),
    (
      "/api/v1/events",
      #"[{"event_type":"click","user_id":7,"timestamp":"2024-01-01T12:00:00+02:00","metadata":{"page":"/home"}},{"event_name":"x"}]"#
    ),
    ("/api/v1/events", "{\"event_name\":\"a\"}\n{\"event_name\":\"b\",\"props\":{}}\n"),
    (
      "/api/v1/events/track",
      #"{"user_id":"user123","event_type":"page_view","page_url":"https://a.b/home?x","metadata":{"browser":"chrome"}}"#
    ),
    (
      "/track",
      #"{"event_type":"click","fields":{"b":"submit"},"timestamp":1746266400,"session_id":"s","ip":"::1"}"#
    ),
    (
      "/track",
      #"{"type":"track","payload":{"name":"a","properties":{"__path":"/p","__identify":{"profileId":"u","n":1},"c":"r"}}}"#
    ),
    (
      "/track/batch",
      #"{"events":[{"type":"group","payload":{"id":"g","type":"t","properties":{"a":1}}},{"type":"assign_group","payload":{"groupIds":["g"],"profileId":"u"}},{"type":"decrement","payload":{"profileId":"u","property":"p","value":2}}]}"#
    ),
    (
      "/api/v1/profiles",
      #"{"profiles":[{"profile_id":"u","project_id":"proj_abc123","created_at":1,"updated_at":2,"props":{"tags":["a"]},"x":1}]}"#
    ),
  ]

  @Test("a body that is cut anywhere is refused, or its whole events are taken", arguments: bodies)
  func cut(path: String, body: String) throws {
    let whole = try Reading(body, on: path)
    #expect(whole.rejections.isEmpty && !whole.events.isEmpty)
    let bytes = Array(body.utf8)
    for end in 0..<bytes.count {
      do {
        let reading = try Reading(Array(bytes[..<end]), on: path)
        // Only lines can be fewer than all and still a document.
        #expect(reading.events.count <= whole.events.count)
        #expect(body.contains("\n"), "cut at \(end)")
      } catch let refusal as DialectRefusal {
        #expect(refusal.status == 400)
      }
    }
  }

  @Test("bytes changed at random are read or refused, never trap", arguments: UInt64(0)..<40)
  func mutation(seed: UInt64) throws {
    var random = seeded(seed)
    for (path, body) in Self.bodies {
      for _ in 0..<60 {
        var bytes = Array(body.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let index = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
          case 1: bytes[index] = Array("{}[]\",:\\0e-n\n".utf8).randomElement(using: &random)!
          case 2: bytes.remove(at: index)
          default: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
          }
        }
        // Reading checks every record it makes as a stranger's.
        do { _ = try Reading(bytes, on: path) } catch is DialectRefusal {}
      }
    }
  }

  @Test("any legal event makes a record that reads back as that event", arguments: UInt64(0)..<200)
  func modelled(seed: UInt64) throws {
    var random = seeded(seed)
    let model = EventModel(&random)
    let reading = try Reading(model.json(&random), on: "/api/v1/events")
    #expect(reading.rejections.isEmpty, "\(reading.rejections)")
    let event = try #require(reading.events.first)
    #expect(event.name == model.name && event.profile == model.profile)
    #expect(event.device == model.device && event.session == model.session)
    #expect(event.cts == model.cts ?? Reading.now)
    #expect(event.props == EventModel.sorted(model.expectedProps))
    #expect(event.ctx == EventModel.sorted(model.ctx ?? .object([])))
  }
}

/// A Prism event as a tree, and what must become of it.
struct EventModel {
  var name: String
  var profile: String?
  var device: String?
  var session: String?
  var cts: Int64?
  var props: JSONValue?
  var ctx: JSONValue?
  var unknown: [JSONMember]

  init(_ random: inout some RandomNumberGenerator) {
    func maybe(_ text: String) -> String? { Bool.random(using: &random) ? text : nil }
    name = ["a", "page_view", "été 漢", "\"q\\"].randomElement(using: &random)!
    profile = maybe("p\n")
    device = maybe("d")
    session = maybe("🙂")
    cts = Bool.random(using: &random) ? Int64.random(in: 0..<1 << 48, using: &random) : nil
    props = Bool.random(using: &random) ? Self.object(&random, depth: 4) : .none
    ctx = Bool.random(using: &random) ? Self.object(&random, depth: 2) : .none
    unknown = Self.object(&random, depth: 2).object!
  }

  /// What was in `props`, and behind it what no field is for.
  var expectedProps: JSONValue {
    let given = props?.object ?? []
    return .object(
      given + unknown.filter { member in !given.contains { $0.key == member.key } })
  }

  func json(_ random: inout some RandomNumberGenerator) -> String {
    var members = unknown
    members.append(JSONMember("event_name", .string(name)))
    if let profile { members.append(JSONMember("profile_id", .string(profile))) }
    if let device { members.append(JSONMember("device_id", .string(device))) }
    if let session { members.append(JSONMember("session_id", .string(session))) }
    if let cts { members.append(JSONMember("cts", .integer(cts))) }
    if let props { members.append(JSONMember("props", props)) }
    if let ctx { members.append(JSONMember("ctx", ctx)) }
    members.shuffle(using: &random)
    return JSONValue.object(members).description
  }

  static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): .array(elements.map(sorted))
    case .object(let members):
      .object(
        members.map { JSONMember($0.key, sorted($0.value)) }
          .sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) })
    default: value
    }
  }

  private static func object(
    _ random: inout some RandomNumberGenerator, depth: Int
  ) -> JSONValue {
    var keys = ["k", "key", "k\u{0}", "längere_schlüssel", "longer_key_1", "longer_key_2", "", "Z"]
    keys.shuffle(using: &random)
    let count = Int.random(in: 0...keys.count, using: &random)
    return .object(
      keys.prefix(count).map { JSONMember($0, value(&random, depth: depth - 1)) })
  }

  private static func value(_ random: inout some RandomNumberGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
    case 3: return .double(Double(Int.random(in: -99...99, using: &random)) / 8)
    case 4, 5: return .string(["", "x", "\u{1}\u{7F}", "漢字 🙂"].randomElement(using: &random)!)
    case 6:
      let count = Int.random(in: 0..<4, using: &random)
      return .array((0..<count).map { _ in value(&random, depth: depth - 1) })
    default: return object(&random, depth: depth)
    }
  }
}
