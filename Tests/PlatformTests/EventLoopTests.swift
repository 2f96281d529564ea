import Synchronization
import Testing

@testable import Platform

private final class Record: Sendable {
  let order = Mutex<[Int]>([])
  let count = Atomic<Int>(0)
}

@Suite("Event loop") struct EventLoopTests {
  @Test("a task that prefers a loop runs on its thread, also after it has waited")
  func runsOnItsThread() async throws {
    let loop = try EventLoop(name: "test")
    let wasCurrent = await Task(executorPreference: loop) {
      let before = loop.isCurrent
      await loop.sleep(for: .milliseconds(1))
      return before && loop.isCurrent
    }.value
    #expect(wasCurrent)
    #expect(!loop.isCurrent)
  }

  @Test("sleepers wake in the order of their deadlines, never early")
  func sleepersWakeInOrder() async throws {
    let loop = try EventLoop(name: "test")
    let record = Record()
    let start = SystemClock.monotonicNanoseconds
    await withTaskGroup(of: Void.self) { group in
      for milliseconds in [30, 10, 20, 0, 40] {
        group.addTask {
          await loop.sleep(for: .milliseconds(milliseconds))
          let waited = SystemClock.monotonicNanoseconds - start
          #expect(waited >= UInt64(milliseconds) * 1_000_000)
          record.order.withLock { $0.append(milliseconds) }
        }
      }
    }
    let woken = record.order.withLock { $0 }
    #expect(woken == [0, 10, 20, 30, 40])
  }

  @Test("a cancelled sleeper wakes at once, whenever the cancellation comes")
  func cancelledSleeperWakes() async throws {
    let loop = try EventLoop(name: "test")
    for round in 0..<200 {
      let task = Task { await loop.sleep(for: .seconds(3_600)) }
      if round.isMultiple(of: 2) { await Task.yield() }
      task.cancel()
      await task.value
    }
  }

  @Test("jobs from many threads all run")
  func jobsFromManyThreads() async throws {
    let loop = try EventLoop(name: "test")
    let worker = Worker(name: "test")
    let record = Record()
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<2_000 {
        group.addTask(executorPreference: index.isMultiple(of: 2) ? loop : worker) {
          await Task.yield()
          record.count.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(record.count.load(ordering: .relaxed) == 2_000)
  }
}

@Suite("Timer queue") struct TimerQueueTests {
  @Test("the kernel's wait is rounded up, and for ever when nothing is due")
  func waits() {
    var queue = TimerQueue()
    #expect(queue.milliseconds(until: 5) == -1)
    let wakesEarlier = queue.scheduleSweep(at: 1)
    #expect(wakesEarlier)
    #expect(queue.milliseconds(until: 1) == 250)
    #expect(queue.milliseconds(until: 2) == 250)
    #expect(queue.milliseconds(until: 250_000_001) == 0)
    let wakesEarlierStill = queue.scheduleSweep(at: 2)
    #expect(!wakesEarlierStill)
  }
}
