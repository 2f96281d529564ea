import Query
import Sections
import Synchronization

/// Writes the slices of an export, one after the other.
struct ExportRun {
  private enum Work {
    case find(EventExporter.Step)
    case pass(part: Int)
  }

  private let exporter: EventExporter
  private let threads: KernelThreads
  private let budget: Budget
  private let keys: KeyShelf
  /// Memory of lines that are written, for the next ones.
  private let spare = Spare()

  private final class Spare: Sendable { let lines = Mutex<[FoundLines]>([]) }

  init(_ exporter: EventExporter) {
    self.exporter = exporter
    threads = exporter.threads
    budget = exporter.budget
    keys = KeyShelf(room: budget.memoryBytes / 8)
  }

  /// Returns how many lines there were.
  func write(_ slices: [ClosedRange<Int64>]) async throws(KernelFailure) -> Int {
    var rest = Array(slices.reversed())
    var last: ExportOrder?
    var count = 0
    while true {
      let next = rest.popLast()
      if next == nil, last == nil { return count }
      let found = try await find(next, passingOn: last)
      let wasAlone = last == nil
      if let passed = last {
        count += passed.count
        spare.lines.withLock { $0 += passed.found }
        last = nil
      }
      guard let next else { continue }
      guard let found else {
        // It takes more memory than there is: alone, or in halves.
        spare.lines.withLock { $0 = [] }
        rest += wasAlone ? try halves(of: next) : [next]
        continue
      }
      let order = ExportOrder(found, partBytes: exporter.partBytes)
      _ = try await threads.run(steps: found.count, within: budget) {
        numbers throws(KernelFailure) in
        while let number = try numbers.next() { order.place(number) }
      }
      last = order
    }
  }

  /// The one that is to be written first comes last.
  private func halves(
    of times: ClosedRange<Int64>
  ) throws(KernelFailure) -> [ClosedRange<Int64>] {
    guard times.lowerBound < times.upperBound else {
      throw .question(.overBudget(bytes: budget.memoryBytes))
    }
    let half = Stretches.distance(times.lowerBound, times.upperBound) / 2
    let middle = times.lowerBound &+ Int64(bitPattern: half)
    let halves = [(middle + 1)...times.upperBound, times.lowerBound...middle]
    return exporter.isReversed ? halves.reversed() : halves
  }

  /// The lines of a slice by the threads that found them, nil if they take more memory than there is;
  /// and meanwhile the ones of the slice before are passed on.
  private func find(
    _ times: ClosedRange<Int64>?, passingOn last: ExportOrder?
  ) async throws(KernelFailure) -> [FoundLines]? {
    let stretches = Stretches(times ?? 0...0)
    let filter = exporter.filter(stretches.times)
    let work = Self.mixed(times.map(exporter.steps) ?? [], parts: last?.parts.count ?? 0)
    let held = Held(bytes: last?.byteCount ?? 0)
    let output = OrderedOutput(exporter.sink)
    let (exporter, spare, keys, budget) = (exporter, spare, keys, budget)
    let found = try await threads.run(steps: work.count, within: budget) {
      numbers throws(KernelFailure) -> FoundLines in
      let found = spare.lines.withLock { $0.popLast() } ?? FoundLines()
      found.removeAll(stretches)
      var finder = LineFinder(exporter, filter, keys)
      var known = 0
      var arena = ByteArena()
      while let number = try numbers.next() {
        switch work[number] {
        case .pass(let part):
          guard let last else { continue }
          let place = exporter.isReversed ? last.parts.count - 1 - part : part
          last.write(last.parts[place], isReversed: exporter.isReversed, into: arena)
          guard let next = output.deliver(part, arena) else { throw .question(.cancelled) }
          arena = next
        case .find(let step):
          if held.isTooMuch.load(ordering: .relaxed) { continue }
          try finder.find(step, found)
          let bytes = found.byteCount + finder.byteCount
          let sum = held.bytes.add(bytes - known, ordering: .relaxed).newValue + keys.byteCount
          known = bytes
          if sum > budget.memoryBytes { held.isTooMuch.store(true, ordering: .relaxed) }
        }
      }
      return found
    }
    return held.isTooMuch.load(ordering: .relaxed) ? nil : found
  }

  /// Both sorts of work at the same pace.
  private static func mixed(_ steps: [EventExporter.Step], parts: Int) -> [Work] {
    var work: [Work] = []
    work.reserveCapacity(steps.count + parts)
    var part = 0
    for (number, step) in steps.enumerated() {
      while part * steps.count < (number + 1) * parts {
        work.append(.pass(part: part))
        part += 1
      }
      work.append(.find(step))
    }
    while part < parts {
      work.append(.pass(part: part))
      part += 1
    }
    return work
  }

  /// What all threads hold together.
  private final class Held: Sendable {
    let bytes: Atomic<Int>
    let isTooMuch = Atomic<Bool>(false)
    init(bytes: Int) { self.bytes = Atomic(bytes) }
  }
}

/// Goes from step to step, and makes a reader for each section on the way: for one thread.
private struct LineFinder {
  private let exporter: EventExporter
  private let filter: EventFilter
  private let keys: KeyShelf
  private var current: (section: Int, reader: ExportReader)?

  init(_ exporter: EventExporter, _ filter: EventFilter, _ keys: KeyShelf) {
    self.exporter = exporter
    self.filter = filter
    self.keys = keys
  }

  var byteCount: Int { current?.reader.byteCount ?? 0 }

  mutating func find(
    _ step: EventExporter.Step, _ found: FoundLines
  ) throws(KernelFailure) {
    try KernelFailure.naming(step.section) { () throws(SectionProblem) in
      if current?.section != step.section {
        current = nil
        current = (
          step.section,
          try ExportReader(
            exporter.snapshot.sections[step.section], step.section, filter, exporter.paths,
            exporter.lines, exporter.snapshot.secret, keys)
        )
      }
      for block in step.blocks { try current?.reader.read(block, to: found) }
    }
  }
}
