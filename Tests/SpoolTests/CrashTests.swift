import Events
import FaultDisk
import Glibc
import Platform
import SQLite
import Testing

@testable import Spool

/// What a spool must have, kept beside it in the obvious way.
struct Model {
  /// Events that were promised and not yet acknowledged by the aggregator.
  var kept: [Int] = []
  /// Events of a call that had not returned when the spool ended: they may be there or not.
  var unsure: [Int] = []
  /// Events whose acknowledgement had not returned when the spool ended: likewise.
  var leaving: Set<Int> = []
  var sealed: [BatchKey: [Int]] = [:]

  /// Everything promised is there, nothing twice, nothing else, in order.
  func check(_ found: [Int], _ comment: Comment) {
    #expect(found == found.sorted(), comment)
    #expect(Set(found).count == found.count, comment)
    #expect(Set(kept).subtracting(found).isEmpty, comment)
    #expect(Set(found).subtracting(kept).subtracting(unsure).subtracting(leaving).isEmpty, comment)
    let present = Set(unsure).intersection(found).count
    #expect(present == 0 || present == unsure.count, comment)
  }
}

/// Takes everything out of a reopened spool, unsealed or sealed, in the order of the sequences.
func contents(_ store: SpoolStore) throws -> [Int] {
  // A new epoch turns everything into work, and nothing but work.
  try store.rotate(to: Epoch(high: 7, low: UInt64(store.commit)))
  var numbers: [Int] = []
  var next: Int64 = 1
  while let work = try store.nextWork(BlockLimit(events: 7, bytes: .max)) {
    if case .events = work.content {
      #expect(work.firstSequence == next, "the sequence has a hole")
      next += Int64(work.count)
    }
    numbers += work.numbers
    #expect(try store.seal(work, bytes: [1]))
  }
  return numbers
}

/// One run of random operations against a store; stops at the first error and says so.
struct Run {
  var model = Model()
  var random: RandomGenerator
  var next = 0

  init(seed: UInt64) { random = RandomGenerator(SeededRandom(seed: seed)) }

  mutating func step(_ store: SpoolStore) throws(SQLiteError) {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<6: try append(store)
    case 6: try seal(store)
    case 7: try acknowledge(store)
    case 8: try requeue(store)
    default: _ = try store.database.checkpoint(Bool.random(using: &random) ? .passive : .truncate)
    }
  }

  private mutating func append(_ store: SpoolStore) throws(SQLiteError) {
    let requests = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      let count = Int.random(in: 1...5, using: &random)
      defer { next += count }
      return request(Array(next..<(next + count)), size: Int.random(in: 8...900, using: &random))
    }
    model.unsure = requests.flatMap { request in
      EventBlock(records: request.records, ends: request.ends).numbers
    }
    try store.append(requests[...])
    model.kept += model.unsure
    model.unsure = []
  }

  private mutating func seal(_ store: SpoolStore) throws(SQLiteError) {
    let limit = BlockLimit(events: Int.random(in: 1...12, using: &random), bytes: .max)
    guard let work = try store.nextWork(limit) else { return }
    let key = BatchKey(project: work.project, epoch: work.epoch, batch: work.batch)
    guard try store.seal(work, bytes: [UInt8](repeating: 1, count: 300)) else {
      Issue.record("the seal was refused")
      return
    }
    model.sealed[key] = work.numbers
  }

  private mutating func acknowledge(_ store: SpoolStore) throws(SQLiteError) {
    guard
      let key = model.sealed.keys.sorted(by: { $0.batch < $1.batch }).randomElement(
        using: &random)
    else { return }
    // From the first instant of this on the events may be gone: the aggregator has them.
    let gone = Set(model.sealed.removeValue(forKey: key) ?? [])
    model.kept.removeAll { gone.contains($0) }
    model.leaving = gone
    try store.acknowledge([key])
    model.leaving = []
  }

  private mutating func requeue(_ store: SpoolStore) throws(SQLiteError) {
    guard let key = model.sealed.keys.sorted(by: { $0.batch < $1.batch }).first else { return }
    model.sealed.removeValue(forKey: key)
    try store.requeue([key], events: Int.random(in: 1...4, using: &random))
  }
}

/// A store on a simulated disk, driven by a seed until it ends or fails.
struct Simulation {
  let disk = SimulatedDisk()
  var run: Run
  var opened: SpoolOpening.Opened?
  var error: SQLiteError?

  init(seed: UInt64, steps: Int, plan: (SimulatedDisk) -> Void = { _ in }) {
    run = Run(seed: seed)
    plan(disk)
    guard var opened = try? openStore(disk.folder, disk: disk, seed: seed) else { return }
    do throws(SQLiteError) {
      for _ in 0..<steps {
        try run.step(opened.store)
        if Int.random(in: 0..<4, using: &run.random) == 0 { mark(&opened) }
      }
    } catch { self.error = error }
    opened.store.database.abandon()
    self.opened = opened
  }

  /// Nothing was damaged, so nothing may be reported, except of a first mark half written.
  func check(_ findings: [SpoolFinding], _ comment: Comment) {
    if opened == nil, findings == [.markUnreadable] { return }
    #expect(findings == [], comment)
  }

  /// As the writer's second hand does.
  func mark(_ opened: inout SpoolOpening.Opened) {
    let mark = HighWaterMark(
      epoch: opened.store.epoch, commit: opened.store.commit, wallMilliseconds: 0)
    let offset = opened.mark.takeOffset()
    // A mark that fails is an old mark; the writer stops then, here the run goes on.
    try? disk.write(mark.slot, to: disk.path(SpoolFiles.mark), at: offset)
  }
}

@Suite("Crashes") struct CrashTests {
  @Test("power loss at any write or sync: what was promised is there, once", arguments: 0..<20)
  func powerLoss(part: Int) throws {
    for seed in (part * 25)..<(part * 25 + 25) {
      var random = RandomGenerator(SeededRandom(seed: UInt64(seed) &+ 1_000_000))
      let end = Int.random(in: 0...160, using: &random)
      let simulation = Simulation(seed: UInt64(seed), steps: 25) { disk in
        disk.plan(0xFF, after: end, forever: true)
      }
      let keeping = [0, 200, 500, 900, 1000][seed % 5]
      let left = simulation.disk.afterPowerLoss(seed: UInt64(seed), keeping: keeping)
      let opened = try openStore(left.folder, disk: left, seed: UInt64(seed) + 7)
      simulation.check(opened.findings, "seed \(seed)")
      simulation.run.model.check(try contents(opened.store), "seed \(seed)")
    }
  }

  @Test("write, crash, reopen, in any order (Vector #25639)", arguments: UInt64(0)..<40)
  func writeCrashReopen(seed: UInt64) throws {
    var disk = SimulatedDisk()
    var run = Run(seed: seed)
    var opened = try openStore(disk.folder, disk: disk, seed: seed)
    for round in 0..<12 {
      for _ in 0..<Int.random(in: 0...4, using: &run.random) { try run.step(opened.store) }
      opened.store.database.abandon()
      disk =
        Bool.random(using: &run.random)
        ? disk.afterKill() : disk.afterPowerLoss(seed: seed &+ UInt64(round), keeping: 300)
      opened = try openStore(disk.folder, disk: disk, seed: seed)
      #expect(opened.findings == [])
      let sealed = try opened.store.sealedBatches()
      #expect(Set(sealed.map(\.key)) == Set(run.model.sealed.keys))
      for batch in sealed { #expect(try opened.store.bytes(of: batch.key)?.count == 300) }
    }
    run.model.check(try contents(opened.store), "seed \(seed)")
  }

  @Test("every write and sync fails, once or for ever: nothing promised is lost", arguments: 0..<8)
  func errorSweep(part: Int) throws {
    let whole = Simulation(seed: 3, steps: 30) { $0.plan(0xFE, after: .max, forever: false) }
    #expect(whole.error == nil)
    let count = whole.disk.operations
    #expect(count > 100)
    for after in stride(from: part, to: count, by: 8) {
      for forever in [false, true] {
        for code in [EIO, ENOSPC] {
          let simulation = Simulation(seed: 3, steps: 30) { disk in
            disk.plan(0xFE, after: after, forever: forever, code: code)
          }
          let comment: Comment = "operation \(after), for ever \(forever), code \(code)"
          #expect(simulation.disk.failures > 0 || simulation.opened == nil, comment)
          for left in [
            simulation.disk.afterKill(),
            simulation.disk.afterPowerLoss(seed: UInt64(after), keeping: 500),
          ] {
            let opened = try openStore(left.folder, disk: left, seed: 99)
            simulation.check(opened.findings, comment)
            simulation.run.model.check(try contents(opened.store), comment)
          }
        }
      }
    }
  }
}
