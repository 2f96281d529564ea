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
}
