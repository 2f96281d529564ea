import Events
import Platform
import TestSupport
import Testing

@testable import Spool

@Suite("Kept batches") struct KeptTests {
  let scratch = Scratch()

  private func configuration(_ kept: Duration = .seconds(3_600)) -> SpoolConfiguration {
    var configuration = SpoolConfiguration.test(scratch.path)
    configuration.keptFor = kept
    return configuration
  }

  /// Appends, seals and acknowledges so many batches of ten events.
  private func ship(_ spool: Spool, _ batches: Range<Int>, size: Int = 3) async throws -> [BatchKey]
  {
    var keys: [BatchKey] = []
    for batch in batches {
      let more = request(Array((batch * 10)..<(batch * 10 + 10)))
      try await spool.append(more.records, ends: more.ends, project: "acme")
      let work = try #require(try await spool.nextWork(BlockLimit(events: 1_000, bytes: .max)))
      let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: batch), count: size)
      #expect(try await spool.seal(work, bytes: bytes))
      let key = BatchKey(project: work.project, epoch: work.epoch, batch: work.batch)
      try await spool.acknowledge(key, durableThrough: Int64(batch * 10 + 10))
      keys.append(key)
    }
    return keys
  }

  private func mark(_ spool: Spool, _ through: Int64) async throws -> [SpoolMark] {
    try await spool.positions().map {
      SpoolMark(project: $0.project, epoch: $0.epoch, through: through)
    }
  }

  @Test("what the aggregator lacks goes again with the same bytes, once, and over a restart")
  func rewind() async throws {
    var spool = try await openSpool(configuration())
    let keys = try await ship(spool, 0..<5)
    #expect(try await spool.sealedBatches().isEmpty)
    #expect(try await spool.status().backlogEvents == 0)
    let again = try await spool.rewind(try await mark(spool, 20))
    #expect(again.map(\.key) == Array(keys[2...]) && again.map(\.count) == [10, 10, 10])
    #expect(try await spool.positions()[0].durableThrough == 20)
    #expect(try await spool.rewind(try await mark(spool, 20)) == again)
    #expect(try await spool.nextWork(BlockLimit(events: 1_000, bytes: .max)) == nil)
    try await spool.acknowledge(keys[3], durableThrough: 20)
    await spool.stop()
    spool = try await openSpool(configuration())
    #expect(try await spool.sealedBatches().map(\.key) == [keys[2], keys[4]])
    #expect(try await spool.bytes(of: keys[4]) == [4, 4, 4])
    for key in [keys[2], keys[4]] { try await spool.acknowledge(key, durableThrough: 50) }
    #expect(try await spool.sealedBatches().isEmpty)
    #expect(try await spool.positions()[0].durableThrough == 50)
    await spool.stop()
  }

  @Test("what is no longer here becomes a gap, of just what is missing")
  func gap() async throws {
    let spool = try await openSpool(configuration(.zero))
    _ = try await ship(spool, 0..<3)
    let rest = request([90, 91])
    try await spool.append(rest.records, ends: rest.ends, project: "acme")
    #expect(try await spool.rewind(try await mark(spool, 12)).isEmpty)
    let work = try #require(try await spool.nextWork(BlockLimit(events: 1_000, bytes: .max)))
    guard case .gap(let gap) = work.content else {
      Issue.record("no gap comes first")
      return
    }
    #expect(gap.sequence == 13 && gap.count == 18 && gap.reason == "not_kept")
    #expect(try await spool.seal(work, bytes: [1]))
    let events = try #require(try await spool.nextWork(BlockLimit(events: 1_000, bytes: .max)))
    #expect(events.numbers == [90, 91] && events.firstSequence == 31)
    // Once is enough.
    #expect(try await spool.rewind(try await mark(spool, 12)).isEmpty)
    #expect(try await spool.status().backlogEvents == 2)
    await spool.stop()
  }

  @Test("they take a quarter at most, the oldest go first, and less where others need the room")
  func room() async throws {
    var configuration = configuration()
    configuration.maximumBytes = 16 << 20
    let spool = try await openSpool(configuration)
    let keys = try await ship(spool, 0..<60, size: 100_000)
    let status = try await spool.status()
    #expect(status.keptBytes <= 4 << 20 && status.keptBytes > 3 << 20)
    #expect(status.level == .green)
    let again = try await spool.rewind(try await mark(spool, 0))
    #expect(again.map(\.key) == Array(keys.suffix(again.count)) && again.count == 41)
    let room = configuration.room
    #expect(room.keptAllowance(used: 14 << 20, kept: 4 << 20, freeOnDisk: .max) < 1 << 20)
    #expect(room.keptAllowance(used: 15 << 20, kept: 1 << 20, freeOnDisk: .max) == 0)
    #expect(room.keptAllowance(used: 4 << 20, kept: 4 << 20, freeOnDisk: 1 << 20) == 0)
    await spool.stop()
  }
}
