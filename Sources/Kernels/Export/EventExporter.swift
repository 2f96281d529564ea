import Calendar
import Events
package import Query
package import Sections
import Synchronization

extension SectionAnswers {
  /// Writes the lines of an export to `sink`, some hundred kilobytes at a time, which says whether it
  /// wants more; returns how many events they are. Memory does not grow with their number. What is
  /// damaged ends the export: nobody takes lines back.
  @discardableResult
  package func write(
    _ export: EventExport, from snapshot: Snapshot, within limits: Limits = .standard,
    to sink: @escaping @Sendable (Span<UInt8>) -> Bool
  ) async throws(QueryError) -> Int {
    try export.check()
    for path in export.columns { try SpelledPath.check(path) }
    let budget = Budget(limits, clock: clock)
    do throws(KernelFailure) {
      let attempt = Attempt(snapshot: snapshot, threads: threads, budget: budget)
      let profiles = try await attempt.profiles(for: export.scope, [export.selector])
      let filter = try KernelFailure.asking { () throws(QueryError) in
        try EventFilter(export.scope, export.selector, profiles: profiles)
      }
      let exporter = EventExporter(
        export, of: snapshot, on: threads, within: budget, filter, to: sink)
      return try await exporter.write()
    } catch {
      switch error {
      case .question(let problem): throw problem
      case .section(let number, let problem):
        snapshot.tell(problem, of: snapshot.sections[number])
        throw .unreadable("section \(number): \(problem)")
      }
    }
  }
}

/// Cuts the time of an export into slices of so many rows, and each slice into work for all threads:
/// rows are found wherever they lie, put in order, and written.
struct EventExporter: Sendable {
  /// A slice has no more rows, as far as times can be cut.
  static let mostRows = 1 << 19
  /// So many blocks are a step.
  private static let stepBlocks = 32

  private struct Step {
    let section: Int
    let blocks: Range<Int>
  }

  private let export: EventExport
  private let snapshot: Snapshot
  private let threads: KernelThreads
  private let budget: Budget
  private let filter: EventFilter
  private let sink: @Sendable (Span<UInt8>) -> Bool
  private let lines: ExportLines
  /// Those of the columns that are no id and no time.
  private let paths: [PropertyPath]
  private let mostRows: Int

  init(
    _ export: EventExport, of snapshot: Snapshot, on threads: KernelThreads,
    within budget: Budget, _ filter: EventFilter,
    to sink: @escaping @Sendable (Span<UInt8>) -> Bool
  ) {
    precondition(threads.count <= ExportOrder.mostThreads, "too many threads")
    self.export = export
    self.snapshot = snapshot
    self.threads = threads
    self.budget = budget
    self.filter = filter
    self.sink = sink
    var paths: [PropertyPath] = []
    let columns = export.columns.map { path -> ExportLines.Column in
      switch path.place {
      case .field(.id): return .id
      case .field(.cts): return .time
      default:
        if let known = paths.firstIndex(of: path) { return .cell(known) }
        paths.append(path)
        return .cell(paths.count - 1)
      }
    }
    self.paths = paths
    lines = ExportLines(columns: columns, format: export.format)
    // Room for rows that have grown too large by half, and for their texts.
    let rowBytes = 16 * (ExportRows.firstCell + paths.count) + 128
    mostRows = max(1_024, min(Self.mostRows, budget.memoryBytes / rowBytes))
  }

  func write() async throws(KernelFailure) -> Int {
    if export.format == .csv {
      let header = ByteArena()
      for (place, path) in export.columns.enumerated() {
        if place > 0 { header.append(UInt8(ascii: ",")) }
        Spelling.append(.string(path.description), .csv, to: header)
      }
      header.append(0x0A)
      guard header.withBytes({ sink($0) }) else { throw .question(.cancelled) }
    }
    guard let times else { return 0 }
    var slices = try await ExportSlices(self, mostRows: mostRows).slices(of: times)
    if export.direction == .newestFirst { slices.reverse() }
    var count = 0
    for slice in slices { count += try await write(slice) }
    return count
  }

  /// The times at which there can be events that are meant.
  private var times: ClosedRange<Int64>? {
    var bounds: ClosedRange<Int64>?
    guard !filter.times.isEmpty else { return nil }
    let wanted = filter.times.lowerBound...(filter.times.upperBound - 1)
    for section in snapshot.sections where section.directory.times.overlaps(wanted) {
      let times = section.directory.times.clamped(to: wanted)
      let known = bounds ?? times
      bounds =
        min(known.lowerBound, times.lowerBound)...max(known.upperBound, times.upperBound)
    }
    return bounds
  }

  private func steps(_ times: ClosedRange<Int64>) -> [Step] {
    var steps: [Step] = []
    for (number, section) in snapshot.sections.enumerated()
    where section.directory.times.overlaps(times) {
      for block in stride(from: 0, to: section.blockCount, by: Self.stepBlocks) {
        let end = min(block + Self.stepBlocks, section.blockCount)
        steps.append(Step(section: number, blocks: block..<end))
      }
    }
    return steps
  }

  /// No fewer rows than a slice of these times has.
  func mostRows(in times: ClosedRange<Int64>) -> Int {
    snapshot.sections.reduce(0) {
      $0 + ($1.directory.times.overlaps(times) ? $1.rowCount : 0)
    }
  }

  /// How many rows there are in each stretch of so many milliseconds, a power of two.
  func counts(
    _ times: ClosedRange<Int64>, shift: UInt64, stretches: Int
  ) async throws(KernelFailure) -> [Int] {
    let steps = steps(times)
    let filter = filter(times)
    let snapshot = snapshot
    let parts = try await threads.run(steps: steps.count, within: budget) {
      numbers throws(KernelFailure) -> [Int] in
      var counts = [Int](repeating: 0, count: stretches)
      var current: (section: Int, reader: BlockReader, filter: BlockFilter)?
      while let number = try numbers.next() {
        let step = steps[number]
        try KernelFailure.naming(step.section) { () throws(SectionProblem) in
          if current?.section != step.section {
            let reader = try BlockReader(snapshot.sections[step.section])
            current = (
              step.section, reader, try BlockFilter(filter, section: step.section, reader)
            )
          }
          guard let current, !current.filter.isEmpty else { return }
          for block in step.blocks {
            try current.reader.load(block)
            let found = try current.filter.load(current.reader)
            let stamps = current.reader.times.values
            for index in 0..<found {
              let time = stamps[Int(current.filter.rows[index])]
              let distance = UInt64(bitPattern: time) &- UInt64(bitPattern: times.lowerBound)
              counts[Int(distance &>> shift)] += 1
            }
          }
        }
      }
      return counts
    }
    var sums = [Int](repeating: 0, count: stretches)
    for part in parts { for index in part.indices { sums[index] += part[index] } }
    return sums
  }

  private func filter(_ times: ClosedRange<Int64>) -> EventFilter {
    EventFilter(filter, times: times.lowerBound..<(times.upperBound + 1))
  }

  /// Writes a slice; in halves, where it turns out to take more memory than there is.
  private func write(_ times: ClosedRange<Int64>) async throws(KernelFailure) -> Int {
    let rows: [ExportRows]
    do throws(KernelFailure) { rows = try await gather(times) } catch {
      guard case .question(.overBudget) = error, times.lowerBound < times.upperBound else {
        throw error
      }
      let span = UInt64(bitPattern: times.upperBound) &- UInt64(bitPattern: times.lowerBound)
      let middle = times.lowerBound &+ Int64(bitPattern: span / 2)
      var halves = [times.lowerBound...middle, (middle + 1)...times.upperBound]
      if export.direction == .newestFirst { halves.reverse() }
      var count = 0
      for half in halves { count += try await write(half) }
      return count
    }
    let span = UInt64(bitPattern: times.upperBound) &- UInt64(bitPattern: times.lowerBound)
    let order = ExportOrder(rows, from: times.lowerBound, span: span)
    let output = OrderedOutput(sink)
    let (lines, isReversed) = (lines, export.direction == .newestFirst)
    _ = try await threads.run(steps: order.parts.count, within: budget) {
      numbers throws(KernelFailure) in
      let arena = ByteArena(capacity: 1 << 20)
      while let number = try numbers.next() {
        let part = order.parts[isReversed ? order.parts.count - 1 - number : number]
        lines.write(order.sorted(part, rows), of: rows, isReversed: isReversed, into: arena)
        guard arena.withBytes({ output.deliver(number, $0) }) else {
          throw .question(.cancelled)
        }
      }
    }
    return rows.reduce(0) { $0 + $1.count }
  }

  /// The rows of a slice, by the threads that found them.
  private func gather(_ times: ClosedRange<Int64>) async throws(KernelFailure) -> [ExportRows] {
    let steps = steps(times)
    let filter = filter(times)
    let (snapshot, paths, format, budget) = (snapshot, paths, export.format, budget)
    let held = Held()
    return try await threads.run(steps: steps.count, within: budget) {
      numbers throws(KernelFailure) -> ExportRows in
      let rows = ExportRows(cells: paths.count, format)
      var current: (section: Int, reader: ExportReader)?
      var known = 0
      while let number = try numbers.next() {
        let step = steps[number]
        try KernelFailure.naming(step.section) { () throws(SectionProblem) in
          if current?.section != step.section {
            current = (
              step.section,
              try ExportReader(
                snapshot.sections[step.section], step.section, filter, paths, snapshot.secret,
                rows)
            )
          }
          for block in step.blocks { try current?.reader.read(block) }
        }
        let bytes = rows.byteCount
        let sum = held.bytes.add(bytes - known, ordering: .relaxed).newValue
        known = bytes
        try KernelFailure.asking { () throws(QueryError) in
          try budget.check(bytes: rows.count < ExportOrder.mostRows ? sum : .max)
        }
      }
      return rows
    }
  }

  /// What all threads hold together.
  private final class Held: Sendable { let bytes = Atomic<Int>(0) }
}
