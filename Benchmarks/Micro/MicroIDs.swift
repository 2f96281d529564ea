import Events
import Glibc
import Platform
import Sections

/// `micro ids [millions] [sections] [arrival|mixed]`: what the ids of a project of 90 days cost, in
/// sections as they are sealed (`arrival`: in the order of time but for 1 % of late ones), or with all
/// of a month in each (`mixed`, the worst case); and how long late ids take to be looked up in them.
@Sendable func benchmarkIDs(_ arguments: [String]) throws {
  let millions = arguments.first.flatMap { Int($0) } ?? 10
  let sections = arguments.count > 1 ? Int(arguments[1]) ?? millions : millions
  let isMixed = arguments.count > 2 && arguments[2] == "mixed"
  var history = IDHistory(count: millions * 1_000_000, sections: sections, isMixed: isMixed)
  try history.build()
  print(history.summary)
  for span in [("10 minutes", 600_000), ("3 days", 259_200_000), ("all days", Int64.max)] {
    let ids = history.lateIDs(1_000_000, within: span.1)
    for size in [1_000, 10_000, 1_000_000] {
      try history.measureLookUps(ids, label: span.0, batch: size, isSorted: true)
    }
    try history.measureLookUps(ids, label: span.0, batch: 10_000, isSorted: false)
  }
  try history.measureRows()
}

/// SplitMix64, which costs less than what is measured.
private struct QuickRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int64) -> Int64 {
    Int64(next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}

/// What this thread has taken: on a machine that others use too, less doubtful than the clock.
private func processorNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private struct IDHistory {
  private static let day: Int64 = 86_400_000
  private static let start: Int64 = 1_790_000_000_000
  private static let mix = IDMix(secret: (0x1234_5678_9ABC_DEF1, 0x0FED_CBA9_8765_4321))

  private let count: Int
  private let sectionCount: Int
  private let isMixed: Bool
  /// As many days as keep the rate at 100 million in 90 days.
  private let span: Int64
  private var sections: [IDSection] = []
  private var windows: [(times: Range<Int64>, sections: Range<Int>)] = []
  private var sample: [EventID] = []
  private var random = QuickRandom(state: 1)
  private var buildNanoseconds: UInt64 = 0
  private var bytes = 0
  private var resident = 0

  init(count: Int, sections: Int, isMixed: Bool) {
    self.count = count
    sectionCount = sections
    self.isMixed = isMixed
    span = 90 * Self.day * Int64(count / 1_000_000) / 100
  }

  private var end: Int64 { Self.start + span }

  mutating func build() throws {
    let months = max(1, Int((span + 15 * Self.day) / (30 * Self.day)))
    let each = count / sectionCount
    for month in 0..<months {
      let window = share(month, of: months, in: Self.start..<end)
      let range =
        (month * sectionCount / months)..<((month + 1) * sectionCount / months)
      windows.append((window, range))
      for number in 0..<range.count {
        let times = isMixed ? window : share(number, of: range.count, in: window)
        try buildSection(each, times: times, window: window)
      }
    }
  }

  private func share(_ index: Int, of count: Int, in range: Range<Int64>) -> Range<Int64> {
    let width = range.upperBound - range.lowerBound
    let low = range.lowerBound + width * Int64(index) / Int64(count)
    let high = range.lowerBound + width * Int64(index + 1) / Int64(count)
    return low..<high
  }

  private mutating func buildSection(
    _ count: Int, times: Range<Int64>, window: Range<Int64>
  ) throws {
    var builder = IDSectionBuilder(mix: Self.mix, expecting: count)
    var ids: [EventID] = []
    var rows: [Int64] = []
    var nanoseconds: UInt64 = 0
    for row in 0..<count {
      var time = times.lowerBound + random.below(times.upperBound - times.lowerBound)
      // 1 % late, most of them by up to three days, some by up to the window's length.
      let dice = random.next() % 1_000
      if dice < 10 {
        time = max(window.lowerBound, time - random.below((dice == 0 ? 30 : 3) * Self.day))
      }
      let id = EventID(milliseconds: time, chance: (random.next(), random.next()))
      if random.next() % 500 == 0 || time > end - 600_000 { sample.append(id) }
      ids.append(id)
      rows.append(time)
      if ids.count == 65_536 || row == count - 1 {
        let start = processorNanoseconds()
        builder.append(ids.span, times: rows.span)
        nanoseconds += processorNanoseconds() - start
        ids.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
      }
    }
    let start = processorNanoseconds()
    var extents = MemoryExtents()
    let root = try builder.finish(into: &extents)
    buildNanoseconds += nanoseconds + processorNanoseconds() - start
    var writer = ByteWriter()
    root.append(to: &writer)
    bytes += extents.byteCount + writer.count
    resident += root.residentByteCount
    sections.append(try IDSection(root, source: extents, mix: Self.mix))
  }

  var summary: String {
    let total = Double(sections.reduce(0) { $0 + $1.root.count })
    return """
      \(Int(total)) ids in \(sections.count) sections of \(windows.count) windows, \
      \(isMixed ? "mixed" : "in order of arrival"): built in \
      \(Int(Double(buildNanoseconds) / total)) ns, \(hundredths(Double(bytes) / total)) B on disk, \
      \(Double(Int(Double(resident) / total * 10_000)) / 10_000) B in memory an id
      """
  }

  private func hundredths(_ value: Double) -> Double { Double(Int(value * 100)) / 100 }

  /// Ids of the last milliseconds, of which 1 % are there.
  mutating func lateIDs(_ count: Int, within milliseconds: Int64) -> [EventID] {
    let width = min(span, milliseconds)
    let known = sample.filter { $0.milliseconds >= end - width }
    return (0..<count).map { index in
      if index % 100 == 0 { return known[Int(random.below(Int64(known.count)))] }
      return EventID(
        milliseconds: end - width + random.below(width), chance: (random.next(), random.next()))
    }
  }

  func measureLookUps(
    _ ids: [EventID], label: String, batch size: Int, isSorted: Bool
  ) throws {
    let batches = stride(from: 0, to: ids.count, by: size).map {
      Array(ids[$0..<min($0 + size, ids.count)])
    }
    var best = UInt64.max
    var (hits, lookUps) = (0, 0)
    for _ in 0..<3 {
      hits = 0
      let start = processorNanoseconds()
      for batch in batches {
        let batch = IDBatch(batch, mix: Self.mix, isSorted: isSorted)
        for window in windows {
          let part = batch.part(in: IDRoute.idTimes(of: window.times))
          guard part.count > 0 else { continue }
          for section in window.sections {
            hits += try sections[section].find(part).count
          }
        }
      }
      best = min(best, processorNanoseconds() - start)
    }
    for window in windows {
      let part = IDBatch(ids, mix: Self.mix).part(in: IDRoute.idTimes(of: window.times))
      for section in window.sections { lookUps += sections[section].candidateCount(part) }
    }
    print(
      "  late by up to \(label), \(size) at a time\(isSorted ? "" : ", not sorted"):",
      "\(best / UInt64(ids.count)) ns an id, \(hits) hits,",
      "\(lookUps * 10 / ids.count) tenths of a section looked at")
  }

  /// What the pass costs that finds the rows of hits.
  func measureRows() throws {
    let section = sections[0]
    for count in [1, 100, 10_000] {
      let positions = (0..<count).map { $0 * (section.root.count / count) }
      var best = UInt64.max
      for _ in 0..<5 {
        let start = processorNanoseconds()
        let rows = try section.rows(at: positions)
        precondition(rows.allSatisfy { $0 != nil })
        best = min(best, processorNanoseconds() - start)
      }
      print("  rows of \(count) hits: \(best / 1_000) µs in \(section.root.count) rows")
    }
    var random = random
    var best = UInt64.max
    for _ in 0..<5 {
      let start = processorNanoseconds()
      for _ in 0..<10_000 {
        _ = try section.id(ofRow: Int(random.below(Int64(section.root.count))), time: Self.start)
      }
      best = min(best, processorNanoseconds() - start)
    }
    print("  id of a row: \(best / 10_000) ns")
  }
}
