import Events
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite("Spool") struct SpoolTests {
  let scratch = Scratch()
  let limit = BlockLimit(events: 1000, bytes: 1 << 20)

  @Test("what was appended comes out in order, is sealed, and leaves with the acknowledgement")
  func wholeWay() async throws {
    let spool = try await openSpool(.test(scratch.path))
    for start in stride(from: 0, to: 30, by: 3) {
      let more = request(Array(start..<(start + 3)))
      try await spool.append(more.records, ends: more.ends, project: "acme")
    }
    await spool.waitForWork()
    let work = try #require(try await spool.nextWork(BlockLimit(events: 8, bytes: .max)))
    #expect(work.numbers == Array(0..<8) && work.batch == 1 && work.firstSequence == 1)
    #expect(work.remaining == 22)
    #expect(try await spool.seal(work, bytes: [1, 2, 3]))
    #expect(try await !spool.seal(work, bytes: [4]))
    let rest = try #require(try await spool.nextWork(limit))
    #expect(rest.numbers == Array(8..<30) && rest.batch == 2 && rest.firstSequence == 9)
    #expect(try await spool.seal(rest, bytes: [5, 6]))
    #expect(try await spool.nextWork(limit) == nil)
    let sealed = try await spool.sealedBatches()
    #expect(sealed.map(\.key.batch) == [1, 2] && sealed.map(\.count) == [8, 22])
    #expect(try await spool.bytes(of: sealed[1].key) == [5, 6])
    #expect(try await spool.acknowledge(sealed[1].key, durableThrough: 0))
    #expect(try await !spool.acknowledge(sealed[1].key))
    #expect(try await spool.status().backlogEvents == 8)
    #expect(try await spool.acknowledge(sealed[0].key, durableThrough: 30))
    let status = try await spool.status()
    #expect(status.backlogEvents == 0 && status.backlogBytes == 0 && status.oldestReceived == nil)
    await spool.stop()
    await #expect(throws: SpoolError.stopping) {
      try await spool.append([1], ends: [1], project: "acme")
    }
  }

  @Test("many callers of several projects lose nothing and keep their own order")
  func manyCallers() async throws {
    let spool = try await openSpool(.test(scratch.path))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<16 {
        group.addTask {
          for round in 0..<50 {
            let project = try ProjectID("project-\(caller % 3)")
            let events = request([caller * 1000 + round], project: project)
            try await spool.append(events.records, ends: events.ends, project: project)
          }
        }
      }
      try await group.waitForAll()
    }
    var seen: [Int: [Int]] = [:]
    while let work = try await spool.nextWork(BlockLimit(events: 37, bytes: .max)) {
      for number in work.numbers {
        #expect("project-\(number / 1000 % 3)" == work.project.text)
        seen[number / 1000, default: []].append(number % 1000)
      }
      #expect(try await spool.seal(work, bytes: [0]))
    }
    #expect(seen.count == 16 && seen.values.allSatisfy { $0 == Array(0..<50) })
    #expect(try await spool.status().counters.commits < 800)
    await spool.stop()
  }

  @Test("a second spool on the same folder is refused, and told by whom")
  func isLocked() async throws {
    let spool = try await openSpool(.test(scratch.path))
    do {
      _ = try await openSpool(.test(scratch.path))
      Issue.record("opened twice")
    } catch {
      guard case SpoolError.locked(by: .some) = error else { throw error }
    }
    await spool.stop()
    let again = try await openSpool(.test(scratch.path))
    await again.stop()
  }

  @Test("a request larger than a group is kept whole, in chunks of a group's size")
  func largeRequest() async throws {
    let spool = try await openSpool(.test(scratch.path))
    let events = request(Array(0..<2500), size: 300)
    try await spool.append(events.records, ends: events.ends, project: "acme")
    var numbers: [Int] = []
    while let work = try await spool.nextWork(limit) {
      numbers += work.numbers
      #expect(try await spool.seal(work, bytes: [0]))
    }
    #expect(numbers == Array(0..<2500))
    await spool.stop()
  }

  @Test("requeued events keep their sequences and get new batch numbers, also in parts")
  func requeue() async throws {
    let spool = try await openSpool(.test(scratch.path))
    let events = request(Array(0..<10))
    try await spool.append(events.records, ends: events.ends, project: "acme")
    let first = try #require(try await spool.nextWork(BlockLimit(events: 7, bytes: .max)))
    #expect(try await spool.seal(first, bytes: [1]))
    let key = BatchKey(project: "acme", epoch: first.epoch, batch: first.batch)
    try await spool.requeue(key, events: 3)
    #expect(try await spool.bytes(of: key) == nil)
    var found: [[Int]] = []
    var sequences: [Int64] = []
    var batches: [Int64] = []
    while let work = try await spool.nextWork(limit) {
      found.append(work.numbers)
      sequences.append(work.firstSequence)
      batches.append(work.batch)
      #expect(try await spool.seal(work, bytes: [2]))
    }
    #expect(found == [[0, 1, 2], [3, 4, 5], [6], [7, 8, 9]])
    #expect(sequences == [1, 4, 7, 8] && batches == [2, 3, 4, 5])
    await spool.stop()
  }
}
