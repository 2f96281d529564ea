import Compression
import Events
import HTTP
import JSON
import Platform
import Synchronization
import Telemetry
import Testing

@testable import Intake

@Suite("Intake") struct IntakeTests {
  static let event = #"{"event_name":"a","props":{"x":1}}"#

  @Test("every way to show a good key lets events in")
  func credentials() async throws {
    let world = try World()
    let basic = { (text: String) in "Basic " + Data64.encode(text) }
    for fields in [
      ["X-API-Key": "write"], ["Authorization": "Bearer write"],
      ["Authorization": basic("write:")], ["Authorization": basic("app:s3cret")],
      ["openpanel-client-id": "app", "openpanel-client-secret": "s3cret"],
      ["event-lens-client-id": "app"], ["mixan-client-id": "page", "Origin": "https://shop.test"],
      ["X-API-Key": "admin", "X-Project-Id": "acme"],
      ["X-API-Key": "write", "X-Project-Id": "acme"],
    ] {
      let answer = try await world.send("/api/v1/events", Self.event, fields)
      #expect(answer.status == 200, "\(fields): \(answer.text)")
    }
    #expect(world.sink.events.count == 9)
    #expect(world.sink.kept.withLock { $0.allSatisfy { $0.project == World.acme } })
  }

  @Test(
    "a key that is wrong or may not write is refused, and nothing is kept",
    arguments: [
      ([:], 401), (["X-API-Key": "wrong"], 401), (["X-API-Key": ""], 401),
      (["Authorization": "Bearer wrong"], 401), (["Authorization": "Digest write"], 401),
      (["X-API-Key": "read"], 403), (["X-API-Key": "admin"], 400),
      (["X-API-Key": "admin", "X-Project-Id": "nobody"], 403),
      (["X-API-Key": "write", "X-Project-Id": "other"], 403),
      (["event-lens-client-id": "nobody"], 401),
      (["event-lens-client-id": "app", "event-lens-client-secret": "wrong"], 401),
      (["event-lens-client-id": "page", "Origin": "https://evil.test"], 403),
    ] as [([String: String], Int)])
  func refusals(fields: [String: String], status: Int) async throws {
    let world = try World()
    let answer = try await world.send("/api/v1/events", Self.event, fields)
    #expect(answer.status == status, "\(answer.text)")
    let error = try JSONValue(parsing: answer.body.span)
    for name in ["code", "message", "error", "detail"] { #expect(error[name]?.string != nil) }
    #expect(world.sink.events.isEmpty)
  }

  @Test("a bad key is refused also where none is needed")
  func anonymous() async throws {
    let world = try World(anonymous: World.other)
    #expect(try await world.send("/api/v1/events", Self.event).status == 200)
    #expect(
      try await world.send("/api/v1/events", Self.event, ["X-API-Key": "wrong"]).status == 401)
    #expect(world.sink.kept.withLock { $0.map(\.project) } == [World.other])
    let stranger = try World(anonymous: World.project("stranger"))
    #expect(try await stranger.send("/api/v1/events", Self.event).status == 401)
  }

  @Test("a person's address and user agent enter the event, a server's do not")
  func people() async throws {
    let world = try World(anonymous: World.acme)
    let agent = ["User-Agent": "Browser/1"]
    _ = try await world.send("/api/v1/events", Self.event, agent)
    _ = try await world.send(
      "/api/v1/events", Self.event, agent.merging(["X-API-Key": "write"]) { $1 })
    let contexts = world.sink.events.map(\.ctx)
    try #require(contexts.count == 2)
    #expect(contexts[0]["ip"] == .string("127.0.0.1"))
    #expect(contexts[0]["user_agent"] == .string("Browser/1"))
    #expect(contexts[1]["ip"] == nil && contexts[1]["user_agent"] == nil)
  }

  @Test("a collector that belongs to nobody says so")
  func notEnrolled() async throws {
    let world = try World(book: nil)
    let answer = try await world.send("/track", "{}", ["X-API-Key": "write"])
    #expect(answer.status == 503 && answer.text.contains("\"not_enrolled\""))
    #expect(answer.value(of: "retry-after") != nil)
  }

  @Test("a full sink is a 503 with a pause, before the body and after it")
  func full() async throws {
    let full = IntakeRefusal(
      status: 503, code: "spool_full", message: "Full.", retryAfter: .milliseconds(1_500))
    let world = try World()
    for isEarly in [true, false] {
      world.sink.refuse(early: isEarly ? full : nil, late: isEarly ? nil : full)
      let answer = try await world.send("/api/v1/events", Self.event, ["X-API-Key": "write"])
      #expect(answer.status == 503 && answer.value(of: "retry-after") == "2")
    }
    #expect(world.sink.events.isEmpty)
  }

  @Test("good events are taken beside bad ones, and each is counted")
  func partial() async throws {
    let world = try World()
    let answer = try await world.send(
      "/api/v1/events", #"[{"event_name":"a"},{"event_name":""},{"event_name":"b"}]"#,
      ["X-API-Key": "write"])
    #expect(answer.status == 200)
    let reply = try JSONValue(parsing: answer.body.span)
    #expect(reply["accepted"]?.integer == 2 && reply["rejected"]?.array?.count == 1)
    let none = try await world.send("/api/v1/events", #"[{}]"#, ["X-API-Key": "write"])
    #expect(none.status == 400)
    let metrics = String(decoding: world.registry.exposition().bytes, as: UTF8.self)
    #expect(
      metrics.contains(#"ingest_events_total{project_id="acme",outcome="accepted"} 2"#))
    #expect(
      metrics.contains(#"ingest_events_total{project_id="acme",outcome="rejected"} 2"#))
  }

  @Test("events that the sink refuses are rejections under their own index and id")
  func refusedLate() async throws {
    let world = try World()
    world.sink.unwanted.withLock { $0 = ["old"] }
    let ids = (1...3).map { "0192b4e0-7c3a-7d2e-8f1a-00000000000\($0)" }
    let items = zip(["new", "old", "old"], ids).map { name, id in
      #"{"event_name":"\#(name)","event_id":"\#(id)"}"#
    }
    let answer = try await world.send(
      "/api/v1/events", #"[{"event_name":""},"# + items.joined(separator: ",") + "]",
      ["X-API-Key": "write"])
    #expect(answer.status == 200)
    let reply = try JSONValue(parsing: answer.body.span)
    #expect(reply["accepted"]?.integer == 1)
    #expect(reply["event_ids"] == .array([.string(ids[0])]))
    let rejected = reply["rejected"]?.array ?? []
    #expect(rejected.map { $0["index"]?.integer } == [0, 2, 3])
    #expect(rejected.dropFirst().map { $0["event_id"] } == [.string(ids[1]), .string(ids[2])])
    #expect(rejected.dropFirst().allSatisfy { $0["code"] == .string("erased") })

    let none = try await world.send(
      "/api/v1/events", #"{"event_name":"old"}"#, ["X-API-Key": "write"])
    #expect(none.status == 400 && none.text.contains("this person was erased"))
    let metrics = String(decoding: world.registry.exposition().bytes, as: UTF8.self)
    #expect(
      metrics.contains(#"ingest_events_total{project_id="acme",outcome="accepted"} 1"#))
    #expect(
      metrics.contains(#"ingest_events_total{project_id="acme",outcome="rejected"} 4"#))
  }

  @Test("an identify and its event are one item of a request")
  func items() async throws {
    let world = try World()
    world.sink.unwanted.withLock { $0 = ["old"] }
    let items = ["new", "old", "new", "old"].map {
      #"{"type":"track","payload":{"name":"\#($0)","deviceId":"d","#
        + #""properties":{"__identify":{"profileId":"p","email":"a@b.test"}}}}"#
    }
    let answer = try await world.send(
      "/track/batch", #"{"events":["# + items.joined(separator: ",") + "]}",
      ["X-API-Key": "write"])
    let reply = try JSONValue(parsing: answer.body.span)
    #expect(
      reply["rejected"]?.array?.map { $0["index"]?.integer } == [1, 3], "\(answer.text)")
    #expect(reply["accepted"]?.integer == 6)
  }

  @Test("all routes answer, with their v1 and without")
  func routes() async throws {
    let world = try World()
    let bodies = [
      ("/track", #"{"event_type":"a","fields":{}}"#),
      ("/track", #"{"type":"track","payload":{"name":"a"}}"#),
      ("/track/batch", #"{"events":[{"type":"track","payload":{"name":"a"}}]}"#),
      ("/api/events", #"{"event_type":"a","user_id":"u"}"#), ("/api/v1/events", Self.event),
      ("/api/v1/events/batch", #"{"events":[{"event_name":"a"}]}"#),
      ("/api/v1/events/track", #"{"event_type":"a","user_id":"u"}"#),
      ("/api/v1/profiles", #"{"profile_id":"p","props":{}}"#),
      ("/api/profiles", #"{"profile_id":"p","props":{}}"#),
    ]
    for (path, body) in bodies {
      let answer = try await world.send(path, body, ["X-API-Key": "write"])
      #expect(answer.status == 200, "\(path) \(body): \(answer.text)")
    }
    #expect(world.sink.events.count == bodies.count)
  }

  @Test("the questions that browsers ask first are answered, on intake routes only")
  func crossOrigin() async throws {
    let world = try World()
    let answer = try await world.send(
      "/track", "", ["Origin": "https://a.test"], method: .options)
    #expect(answer.status == 204)
    #expect(answer.value(of: "access-control-allow-origin") == "https://a.test")
    #expect(answer.value(of: "access-control-allow-headers")?.contains("x-api-key") == true)
    #expect(
      try await world.send("/health", "", method: .options).status == 404)
    let refused = try await world.send("/track", "{}", ["Origin": "https://a.test"])
    #expect(refused.value(of: "access-control-allow-origin") == "https://a.test")
  }
}

@Suite("Intake bodies") struct BodyTests {
  @Test("packed bodies are unpacked, also one that does not say that it is packed")
  func packed() async throws {
    let world = try World()
    let event = Array(IntakeTests.event.utf8)
    let zstd = ZstdCompressor().compress(event.span, level: 3)
    for (bytes, coding) in [
      (gzip(event), "gzip"), (gzip(event), nil), (zstd, "zstd"), (gzip(gzip(event)), "gzip, gzip"),
    ] as [([UInt8], String?)] {
      var fields = ["X-API-Key": "write"]
      fields["Content-Encoding"] = coding
      let answer = try await world.send("/api/v1/events", bytes: bytes, fields)
      #expect(answer.status == 200, "\(coding ?? "none"): \(answer.text)")
    }
    #expect(world.sink.events.count == 4)
  }

  @Test("what is packed wrongly, too large or in an unknown way is refused")
  func refused() async throws {
    let world = try World()
    let event = Array(IntakeTests.event.utf8)
    let large = gzip([UInt8](repeating: 32, count: 2 << 20))
    for (bytes, coding, status) in [
      (event, "gzip", 400), (Array(gzip(event).dropLast()), "gzip", 400), (event, "br", 415),
      (large, "gzip", 413), ([UInt8](repeating: 32, count: 1 << 20 | 1), "identity", 413),
    ] as [([UInt8], String, Int)] {
      let answer = try await world.send(
        "/api/v1/events", bytes: bytes, ["X-API-Key": "write", "Content-Encoding": coding])
      #expect(answer.status == status, "\(coding): \(answer.text)")
    }
  }

  @Test("more events than a request may hold are a 413 that names the limit")
  func tooMany() async throws {
    let world = try World()
    let body = "[" + [String](repeating: IntakeTests.event, count: 101).joined(separator: ",") + "]"
    let answer = try await world.send("/api/v1/events", body, ["X-API-Key": "write"])
    #expect(answer.status == 413 && answer.text.contains("100"))
    #expect(world.sink.events.isEmpty)
  }

  /// A gzip member of stored blocks.
  private func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var start = 0
    repeat {
      let count = min(65_535, bytes.count - start)
      let isLast: UInt8 = start + count == bytes.count ? 1 : 0
      let length = UInt16(count)
      out += [isLast, UInt8(length & 255), UInt8(length >> 8)]
      out += [UInt8(~length & 255), UInt8(~length >> 8)]
      out += bytes[start..<(start + count)]
      start += count
    } while start < bytes.count
    var sum: UInt32 = ~0
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    for word in [~sum, UInt32(bytes.count)] {
      for shift in stride(from: 0, to: 32, by: 8) {
        out.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
      }
    }
    return out
  }
}

/// Base64 for tests: the alphabet, three bytes at a time.
enum Data64 {
  static func encode(_ text: String) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var out = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = Array(bytes[start..<min(start + 3, bytes.count)])
      let word = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for index in 0..<4 {
        out.append(index <= group.count ? letters[word >> (18 - 6 * index) & 63] : "=")
      }
    }
    return out
  }
}
