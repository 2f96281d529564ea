import Platform
import Query
import Sections
import Synchronization
import Testing

@testable import Kernels

@Suite("Threads of questions") struct KernelThreadsTests {
  private static let threads = KernelThreads(count: 3)

  @Test("every step is done once, by whichever thread", arguments: [0, 1, 2, 3, 1_000])
  func steps(count: Int) async throws {
    let budget = Budget(.standard, clock: StillClock())
    let parts = try await Self.threads.run(steps: count, within: budget) {
      steps throws(KernelFailure) in
      var taken: [Int] = []
      while let step = try steps.next() { taken.append(step) }
      return taken
    }
    #expect(parts.flatMap { $0 }.sorted() == Array(0..<count))
  }

  @Test("the first failure ends all, and the deadline ends what runs for too long")
  func failures() async throws {
    let budget = Budget(.standard, clock: StillClock())
    let failure = KernelFailure.section(7, .column("broken"))
    await #expect(throws: failure) {
      try await Self.threads.run(steps: 1_000_000_000, within: budget) {
        steps throws(KernelFailure) in
        while let step = try steps.next() { if step == 100 { throw failure } }
      }
    }
    let none = Budget(Limits(time: .milliseconds(50), memoryBytes: 0), clock: HastyClock())
    await #expect(throws: KernelFailure.question(.deadlineExceeded)) {
      try await Self.threads.run(steps: 1_000_000_000, within: none) {
        steps throws(KernelFailure) in
        while try steps.next() != nil {}
      }
    }
  }

  @Test("nobody works on for whoever has gone")
  func cancellation() async throws {
    let budget = Budget(.standard, clock: StillClock())
    let task = Task {
      try await Self.threads.run(steps: .max, within: budget) {
        steps throws(KernelFailure) in
        while try steps.next() != nil {}
      }
    }
    task.cancel()
    await #expect(throws: KernelFailure.question(.cancelled)) { _ = try await task.value }
  }
}

/// A millisecond passes whenever somebody looks.
final class HastyClock: Clock {
  private let looks = Atomic<UInt64>(0)
  var wallMilliseconds: Int64 { 0 }
  var monotonicNanoseconds: UInt64 {
    looks.add(1, ordering: .relaxed).newValue * 1_000_000
  }
  func sleep(for duration: Duration) async {}
}
