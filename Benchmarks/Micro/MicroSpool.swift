import Events
import Glibc
import Platform
import Spool
import Synchronization

/// `micro spool DIRECTORY [seconds]`: how many events a second the spool takes, every call answered
/// only after its fsync. 64 callers on one event loop, as the collector has them.
func benchmarkSpool(_ arguments: [String]) throws {
  guard let directory = arguments.first else { fatalError("micro spool DIRECTORY [seconds]") }
  let seconds = arguments.count > 1 ? Double(arguments[1]) ?? 2 : 2
  let isDone = Mutex(false)
  Task {
    do {
      for (callers, list) in [(1, 1), (64, 1), (8, 100), (64, 100)] {
        try await appendRun(directory, callers: callers, list: list, seconds: seconds)
      }
    } catch { fatalError("\(error)") }
    isDone.withLock { $0 = true }
  }
  while !isDone.withLock({ $0 }) { usleep(10_000) }
}

private func appendRun(
  _ directory: String, callers: Int, list: Int, seconds: Double
) async throws {
  let folder = "\(directory)/\(callers)x\(list)"
  let loop = try EventLoop(name: "callers")
  let spool = try await Spool.open(
    SpoolConfiguration(directory: folder), worker: Worker(name: "spool"),
    clock: SystemClock(timers: loop), random: SystemRandom(), onFailure: { fatalError("\($0)") })
  let project = try ProjectID("acme-web")
  let record = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  let records = Array(repeatElement(record, count: list).joined())
  let ends = (1...list).map { $0 * record.count }
  let start = SystemClock.monotonicNanoseconds
  let end = start + UInt64(seconds * 1e9)
  let times = await withTaskGroup(of: [UInt64].self) { group in
    for _ in 0..<callers {
      group.addTask(executorPreference: loop) {
        var times: [UInt64] = []
        var before = SystemClock.monotonicNanoseconds
        while before < end {
          do { try await spool.append(records, ends: ends, project: project) } catch {
            fatalError("\(error)")
          }
          let now = SystemClock.monotonicNanoseconds
          times.append(now - before)
          before = now
        }
        return times
      }
    }
    return await group.reduce(into: []) { $0 += $1 }
  }
  let elapsed = Double(SystemClock.monotonicNanoseconds - start) / 1e9
  let sorted = times.sorted()
  let status = try await spool.status()
  print(
    "\(callers) callers, lists of \(list): \(Int(Double(times.count * list) / elapsed)) events/s,",
    "\(Int(Double(status.counters.commits) / elapsed)) commits/s,",
    "p50 \(sorted[sorted.count / 2] / 1000) us, p99 \(sorted[sorted.count * 99 / 100] / 1000) us")
  await spool.stop()
}
