import Testing

@testable import Telemetry

@Suite("Health") struct HealthTests {
  var health = Health(service: "test", version: "1.2.3")

  init() {
    health.add("spool", .readiness)
    health.add("aggregator", .informative)
    health.add("writer", .liveness)
    health.phase = .serving
  }

  @Test(
    "what is degraded still serves; what failed does not, and only some of it is worth a restart")
  mutating func weights() {
    #expect(health.isReady && health.isLive && health.state == .ok)
    health.set("spool", .degraded, "70 % full")
    #expect(health.isReady && health.isLive && health.state == .degraded)
    health.set("spool", .failed, "full")
    #expect(!health.isReady && health.isLive && health.state == .failed)
    health.set("spool", .ok)
    health.set("aggregator", .failed, "unreachable")
    #expect(health.isReady && health.isLive && health.state == .degraded)
    health.set("writer", .failed, "stuck")
    #expect(!health.isReady && !health.isLive && health.state == .failed)
  }

  @Test("before it serves and while it stops, a program is alive and not ready")
  mutating func phases() {
    health.phase = .starting
    #expect(!health.isReady && health.isLive)
    health.phase = .stopping
    #expect(!health.isReady && health.isLive)
  }

  @Test("each route answers JSON with the version and the parts that matter to it")
  mutating func answers() {
    health.set("spool", .degraded, "70 % \"full\"")
    health.set("aggregator", .failed)
    #expect(health.whole.status == 200)
    #expect(
      String(decoding: health.whole.body, as: UTF8.self)
        == #"{"status":"degraded","service":"test","version":"1.2.3","phase":"serving","#
        + #""live":true,"ready":true,"dependencies":{"#
        + #""spool":{"status":"degraded","detail":"70 % \"full\""},"#
        + #""aggregator":{"status":"failed"},"writer":{"status":"ok"}}}"#)
    #expect(health.readiness.status == 200)
    health.set("writer", .failed, "stuck")
    #expect(health.liveness.status == 503)
    #expect(
      String(decoding: health.liveness.body, as: UTF8.self)
        == #"{"status":"failed","service":"test","version":"1.2.3","phase":"serving","#
        + #""dependencies":{"writer":{"status":"failed","detail":"stuck"}}}"#)
    #expect(health.readiness.status == 503)
    #expect(health.whole.status == 503)
  }
}
