package import Query
package import Sections

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

/// Cuts the time of an export into slices of so many rows, each a pass over the sections. All threads
/// write lines for its rows wherever these lie, and then pass them on in order, while those of the next
/// slice are found: neither a slow file nor a slow reader has anybody wait.
struct EventExporter: Sendable {
  /// So many blocks are a step.
  private static let stepBlocks = 64

  let snapshot: Snapshot
  let threads: KernelThreads
  let budget: Budget
  let sink: @Sendable (Span<UInt8>) -> Bool
  let lines: ExportLines
  /// Those of the columns that are no id and no time.
  let paths: [PropertyPath]
  /// About as much is passed on at once.
  let partBytes: Int
  var isReversed: Bool { export.direction == .newestFirst }

  private let export: EventExport
  private let filter: EventFilter
  private let mostRows: Int

  init(
    _ export: EventExport, of snapshot: Snapshot, on threads: KernelThreads,
    within budget: Budget, _ filter: EventFilter, mostRows: Int? = nil,
    partBytes: Int = 1 << 20, to sink: @escaping @Sendable (Span<UInt8>) -> Bool
  ) {
    self.export = export
    self.snapshot = snapshot
    self.threads = threads
    self.budget = budget
    self.filter = filter
    self.sink = sink
    self.partBytes = partBytes
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
    // Two slices are held at once. A quarter of the memory is for lines that are longer than usual.
    let lineBytes = FoundLines.headByteCount + 2 * MemoryLayout<FoundLines.Line>.stride
    self.mostRows =
      mostRows ?? max(1_024, budget.memoryBytes * 3 / 8 / (lineBytes + 16 * columns.count))
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
    let slices = try await ExportSlices(self, mostRows: mostRows).slices(of: times)
    return try await ExportRun(self).write(isReversed ? slices.reversed() : slices)
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

  /// Blocks of one section, in which one thread looks for rows.
  struct Step {
    let section: Int
    let blocks: Range<Int>
  }

  func steps(_ times: ClosedRange<Int64>) -> [Step] {
    var steps: [Step] = []
    for (number, section) in sections(times) {
      for block in stride(from: 0, to: section.blockCount, by: Self.stepBlocks) {
        let end = min(block + Self.stepBlocks, section.blockCount)
        steps.append(Step(section: number, blocks: block..<end))
      }
    }
    return steps
  }

  /// No fewer rows than a slice of these times has.
  func mostRows(in times: ClosedRange<Int64>) -> Int {
    sections(times).reduce(0) { sum, section in
      let directory = section.1.directory
      return zip(directory.heads, directory.headRows).reduce(sum) {
        filter.names($1.0) ? $0 + $1.1 : $0
      }
    }
  }

  /// Those that can have events that are meant, and their numbers.
  private func sections(_ times: ClosedRange<Int64>) -> [(Int, Section)] {
    snapshot.sections.enumerated().filter { _, section in
      section.directory.times.overlaps(times) && section.heads.contains(where: filter.names)
    }
  }

  /// How many rows there are in each stretch.
  func counts(_ stretches: Stretches) async throws(KernelFailure) -> [Int] {
    let times = stretches.times
    let steps = steps(times)
    let filter = filter(times)
    let snapshot = snapshot
    let parts = try await threads.run(steps: steps.count, within: budget) {
      numbers throws(KernelFailure) -> [Int] in
      var counts = [Int](repeating: 0, count: stretches.count)
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
              counts[Int(Stretches.distance(times.lowerBound, time) &>> stretches.shift)] += 1
            }
          }
        }
      }
      return counts
    }
    var sums = [Int](repeating: 0, count: stretches.count)
    for part in parts { for index in part.indices { sums[index] += part[index] } }
    return sums
  }

  func filter(_ times: ClosedRange<Int64>) -> EventFilter {
    EventFilter(filter, times: times.lowerBound..<(times.upperBound + 1))
  }
}
