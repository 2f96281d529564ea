import Batches
import Compression
import Crypto
import Events
import Glibc
import JSON
import Platform
import Store
import Synchronization

/// `micro store DIRECTORY [events]`: how fast decoded batches are committed, by how many callers, what
/// the store's threads pay for an event, and how long a start takes with that many hot events.
@Sendable func benchmarkStore(_ arguments: [String]) throws {
  guard let directory = arguments.first else { fatalError("micro store DIRECTORY [events]") }
  let events = arguments.count > 1 ? Int(arguments[1]) ?? 1_000_000 : 1_000_000
  let isDone = Mutex(false)
  Task {
    do {
      for (rows, callers) in [(1_000, 1), (1_000, 8), (10_000, 4)] {
        try await run("\(directory)/\(rows)x\(callers).db", events, rows: rows, callers: callers)
      }
    } catch { fatalError("\(error)") }
    isDone.withLock { $0 = true }
  }
  while !isDone.withLock({ $0 }) { usleep(10_000) }
}

private func run(_ path: String, _ events: Int, rows: Int, callers: Int) async throws {
  let batches = try makeBatches(events / rows, of: rows)
  print("\(rows) rows, \(callers) callers, \(batches[0].bytes.count / rows) B an event")
  do {
    let store = try await open(path)
    let threads = threadTimes()
    let start = SystemClock.monotonicNanoseconds
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<callers {
        group.addTask {
          for index in stride(from: caller, to: batches.count, by: callers) {
            let outcome = try await store.commit(batches[index])
            precondition(outcome.accepted == rows)
          }
        }
      }
      try await group.waitForAll()
    }
    let nanoseconds = Double(SystemClock.monotonicNanoseconds - start)
    print("  commit: \(Int(Double(events) * 1e9 / nanoseconds)) events/s,", terminator: "")
    for (name, before) in threads.sorted(by: { $0.key < $1.key }) {
      let after = threadTimes()[name] ?? before
      if after > before {
        print(" \(name) \((after - before) / UInt64(events)) ns", terminator: "")
      }
    }
    print(" an event")
    let replay = SystemClock.monotonicNanoseconds
    for batch in batches.prefix(20) {
      let outcome = try await store.commit(batch)
      precondition(outcome.duplicates == rows)
    }
    let each = (SystemClock.monotonicNanoseconds - replay) / UInt64(20 * rows)
    print("  replay by ids: \(each) ns an event")
  }
  for attempt in 1...3 {
    let start = SystemClock.monotonicNanoseconds
    let store = try await open(path)
    let milliseconds = (SystemClock.monotonicNanoseconds - start) / 1_000_000
    precondition(store.hot.eventCount == events)
    print("  start \(attempt): \(milliseconds) ms, \(residentKiB() / 1024) MiB in memory")
  }
}

private func open(_ path: String) async throws -> Store {
  try await Store.open(
    Store.Configuration(path: path),
    clock: SystemClock(timers: try EventLoop(name: "timers")), random: SystemRandom(),
    onFailure: { fatalError("\($0)") })
}

/// Events of a project as they arrive: times that go forward with some disorder, a few names, many
/// people, no receipt.
private func makeBatches(_ count: Int, of rows: Int) throws -> [ArrivedBatch] {
  var random = RandomGenerator(SeededRandom(seed: 1))
  let key = try SigningKey.generate().key
  let project = try ProjectID("acme-web")
  var number = 0
  return try (0..<count).map { _ in
    var list = EventList()
    for _ in 0..<rows {
      number += 1
      let cts = 1_800_000_000_000 + Int64(number / 10) + Int64.random(in: 0..<2_000, using: &random)
      let person = UInt32.random(in: 0..<200_000, using: &random)
      try Event(
        id: EventID(milliseconds: cts, chance: (random.next(), random.next())),
        name: ["page_view", "click", "purchase", "search"][Int(person % 4)], cts: cts,
        sts: cts + 40,
        profile: "profile-\(person)", session: "session-\(person)-\(number / 50_000)",
        props: .object([
          .init("path", .string("/products/\(person % 1_000)")),
          .init("amount", .integer(Int64(person % 97))),
        ])
      ).append(to: &list)
    }
    let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
    let label = SealedBatch.Label(
      audience: StoreID(high: 1, low: 2), collector: CollectorID(high: 3, low: 4),
      epoch: Epoch(high: 5, low: 6), project: project, number: 1,
      created: BatchHeader.Created(
        wallMilliseconds: 1_800_000_000_000, boot: BootID(high: 7, low: 8),
        monotonicMilliseconds: 9))
    let sealed = SealedBatch.seal(
      body, firstSequence: 1, as: label, key: key, compressor: ZstdCompressor())
    return ArrivedBatch(
      project: project, source: "bench", origin: nil, bytes: sealed.bytes,
      columns: try BatchColumns(decoding: body.bytes), received: 1)
  }
}

/// Nanoseconds of processor time that each thread has taken, by the threads' names.
private func threadTimes() -> [String: UInt64] {
  var times: [String: UInt64] = [:]
  guard let folder = unsafe opendir("/proc/self/task") else { return [:] }
  defer { unsafe closedir(folder) }
  while let entry = unsafe readdir(folder) {
    let id = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
      unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    if id.hasPrefix(".") { continue }
    let name = lines("/proc/self/task/\(id)/comm").first ?? id
    let words = lines("/proc/self/task/\(id)/schedstat").first?.split(separator: " ") ?? []
    times[name, default: 0] += words.first.flatMap { UInt64($0) } ?? 0
  }
  return times
}

private func residentKiB() -> Int {
  for line in lines("/proc/self/status") where line.hasPrefix("VmRSS:") {
    return Int(line.split(separator: " ").dropFirst().first.map(String.init) ?? "") ?? 0
  }
  return 0
}

private func lines(_ path: String) -> [String] {
  String(decoding: readFile(path), as: UTF8.self).split(separator: "\n").map(String.init)
}
