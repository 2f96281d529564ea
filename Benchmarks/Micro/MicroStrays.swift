import Events
import Glibc
import Platform
import Sections

/// `micro strays [millions]`: late ids in sections of which 5 % of the ids lie up to 90 days from their
/// rows, searched for among all ids of every section, and by their times and the runs of strays.
@Sendable func benchmarkStrays(_ arguments: [String]) throws {
  var world = StrayWorld(count: (arguments.first.flatMap { Int($0) } ?? 10) * 1_000_000)
  try world.build()
  print(world.summary)
  for (label, span) in [
    ("10 minutes", 600_000), ("3 days", 3 * StrayWorld.day), ("all days", StrayWorld.span),
  ] {
    for size in [1_000, 10_000] {
      for isFar in [false, true] {
        let ids = world.lateIDs(1_000_000, within: span, knownAreStrays: isFar)
        let batches = stride(from: 0, to: ids.count, by: size).map {
          Array(ids[$0..<min($0 + size, ids.count)])
        }
        let all = try world.nanoseconds(batches) { batch in try world.findEverywhere(batch) }
        let runs = try world.nanoseconds(batches) { batch in try world.findByRuns(batch) }
        print(
          "  late by up to \(label), \(size) at a time, known are \(isFar ? "strays" : "near"):",
          "every section \(all / UInt64(ids.count)) ns an id, runs \(runs / UInt64(ids.count)) ns")
      }
    }
  }
}

private struct StrayWorld {
  static let day: Int64 = 86_400_000
  static let span = 9 * day
  private static let start: Int64 = 1_790_000_000_000
  private static let mix = IDMix(secret: (0x1234_5678_9ABC_DEF1, 0x0FED_CBA9_8765_4321))
  private static let parts = 8

  private let count: Int
  private var sections: [IDSection] = []
  private var runs: [StrayRun] = []
  private var near: [EventID] = []
  private var far: [EventID] = []
  private var bytes = 0
  private var strayBytes = 0
  private var random = StrayRandom(state: 1)

  init(count: Int) { self.count = count }

  mutating func build() throws {
    let width = UInt64(Self.span) / UInt64(Self.parts)
    for part in 0..<Self.parts {
      let low = Self.start + Int64(width) * Int64(part)
      let each = count / Self.parts
      var builder = IDSectionBuilder(mix: Self.mix, expecting: each)
      var strays: [StrayEntry] = []
      var ids: [EventID] = []
      var rows: [Int64] = []
      for row in 0..<each {
        let cts = low + Int64(random.next() % width)
        let isStray = random.next() % 20 == 0
        let distance = Self.day + 1 + Int64(random.next() % UInt64(89 * Self.day))
        let id = EventID(
          milliseconds: isStray ? cts - distance : cts, chance: (random.next(), random.next()))
        if isStray { strays.append(StrayEntry(id: id, payload: random.next())) }
        if random.next() % (isStray ? 100 : 500) == 0 {
          if isStray { far.append(id) } else { near.append(id) }
        }
        ids.append(id)
        rows.append(cts)
        if ids.count == 65_536 || row == each - 1 {
          builder.append(ids.span, times: rows.span)
          ids.removeAll(keepingCapacity: true)
          rows.removeAll(keepingCapacity: true)
        }
      }
      var extents = MemoryExtents()
      let root = try builder.finish(into: &extents)
      bytes += extents.byteCount
      sections.append(try IDSection(root, source: extents, mix: Self.mix))
      var strayExtents = MemoryExtents()
      let strayRoot = try StrayRun.build(strays, mix: Self.mix, into: &strayExtents)
      strayBytes += strayExtents.byteCount
      runs.append(try StrayRun(strayRoot, source: strayExtents, mix: Self.mix))
    }
  }

  var summary: String {
    "\(count) ids in \(sections.count) sections: \(bytes * 100 / count) hundredths of a byte an id, "
      + "strays \(strayBytes * 100 / count)"
  }

  /// Ids of the last milliseconds, of which 1 % are there.
  mutating func lateIDs(
    _ count: Int, within width: Int64, knownAreStrays: Bool
  ) -> [EventID] {
    let known = knownAreStrays ? far : near
    var ids: [EventID] = []
    for index in 0..<count {
      if index % 100 == 0 {
        ids.append(known[Int(random.next() % UInt64(known.count))])
        continue
      }
      let time = Self.start + Self.span - width + Int64(random.next() % UInt64(width))
      ids.append(EventID(milliseconds: time, chance: (random.next(), random.next())))
    }
    return ids
  }

  func findEverywhere(_ ids: [EventID]) throws -> Int {
    let batch = IDBatch(ids, mix: Self.mix)
    var hits = 0
    for section in sections { hits += try section.findWithStrays(batch).count }
    return hits
  }

  func findByRuns(_ ids: [EventID]) throws -> Int {
    let batch = IDBatch(ids, mix: Self.mix)
    let strays = StrayBatch(ids, mix: Self.mix)
    var hits = 0
    for section in sections { hits += try section.find(batch).count }
    for run in runs { hits += try run.find(strays).count }
    return hits
  }

  /// The least of three, of this thread's processor time.
  func nanoseconds(_ batches: [[EventID]], _ find: ([EventID]) throws -> Int) throws -> UInt64 {
    var best = UInt64.max
    for _ in 0..<3 {
      let start = Self.processorNanoseconds()
      var hits = 0
      for batch in batches { hits += try find(batch) }
      best = min(best, Self.processorNanoseconds() - start)
      precondition(hits >= batches.joined().count / 100, "known ids that were not found")
    }
    return best
  }

  private static func processorNanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// SplitMix64, which costs less than what is measured.
private struct StrayRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
