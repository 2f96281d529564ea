import Events
import FaultDisk
import Platform
import TestSupport
import Testing

@testable import Store

@Suite("Reads that fail for a moment") struct SecondReadTests {
  private func open(_ disk: SimulatedDisk) async throws -> Store {
    var configuration = Store.Configuration(path: disk.path("store.db"))
    configuration.disk = disk
    configuration.mergeBytesPerSecond = 0
    return try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Fixture.threads,
      onFailure: { Issue.record("the disk failed: \($0)") })
  }

  private func filled() async throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let store = try await open(disk)
    for start in stride(from: 0 as UInt64, to: 800, by: 100) {
      _ = try await store.commit(try batch(eventsOfTwoMonths(start..<start + 100)))
      _ = try await store.seal()
    }
    await store.stop()
    return disk
  }

  @Test("a question and a merge whose read fails once set nothing aside, and miss nothing")
  func once() async throws {
    let base = try await filled()
    for after in stride(from: 0, to: 60, by: 3) {
      let disk = base.afterKill()
      let store = try await open(disk)
      disk.plan(.reads, after: after, forever: false)
      #expect(try await store.ids(of: "acme").count == 800)
      #expect(try await store.merge())
      disk.forgetPlan()
      #expect(store.sectionsAside.isEmpty && store.missing(of: "acme").isEmpty)
      #expect(try await store.ids(of: "acme").count == 800)
      await store.stop()
    }
  }

  @Test("a section whose read fails every time is set aside, and named")
  func always() async throws {
    let disk = try await filled()
    let store = try await open(disk)
    disk.plan(.reads, after: 0, forever: true)
    _ = try await store.snapshot(of: "acme")
    disk.forgetPlan()
    #expect(!store.sectionsAside.isEmpty && !store.missing(of: "acme").isEmpty)
    await store.stop()
  }
}
