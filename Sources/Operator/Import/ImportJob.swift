package import Events
package import Platform
import Synchronization

/// Files of events on their way into an aggregator: what `tributary import` does.
///
/// Two threads read and pack, one after the other asking the source for blocks; parcels are
/// acknowledged in any order, and the book knows up to where all of them were. Nothing depends on
/// that: every event has the same id whenever its line is read, and the store knows each id once.
package final class ImportJob: Sendable {
  package enum Resuming: Sendable {
    /// Goes on where an earlier run has come to, if there was one.
    case ifPossible
    /// Goes on, and fails where there is nothing to go on from.
    case required
    /// Begins at the beginning.
    case never
  }

  package struct Options: Sendable {
    package var inputs: [ImportInput]
    package var project: ProjectID?
    package var resuming = Resuming.ifPossible
    /// Nil: beside the first input, if that is a file.
    package var statePath: String?
    package var rejectedPath: String?
    package var patience = Duration.seconds(60)
    package var threads = 2

    package init(inputs: [ImportInput]) { self.inputs = inputs }
  }

  private let options: Options
  private let way: ImportWay
  private let loop: EventLoop
  private let source = Mutex<ImportSource?>(nil)
  private let wasStopped = Atomic<Bool>(false)

  package init(_ options: Options, _ way: ImportWay, loop: EventLoop) {
    self.options = options
    self.way = way
    self.loop = loop
  }

  /// Has the import end soon: what is on its way is waited for, nothing more is read.
  package func stop() {
    wasStopped.store(true, ordering: .relaxed)
    source.withLock { $0?.stop() }
  }

  /// Imports. `show` is told how far it is, four times a second.
  package func run(
    show: @escaping @Sendable (ImportProgress) -> Void
  ) async throws(ImportFailure) -> ImportReport {
    let terms = try await way.terms()
    let keeper = try ImportStateKeeper(options, target: terms.target)
    var inputs: [ImportSource.Opened] = []
    for input in options.inputs {
      do throws(SystemError) {
        inputs.append(try ImportSource.open(input, resume: keeper.place(in: input.path)))
      } catch { throw .unreadable(error) }
    }
    let skipped = inputs.reduce(0) { $0 + $1.start.bytes }
    var rejected: RejectedLines?
    if let path = options.rejectedPath {
      do { rejected = try RejectedLines(path, appending: skipped > 0) } catch {
        throw .unwritable(error)
      }
    }
    let book = ImportBook(starts: inputs.map(\.start))
    let source = ImportSource(inputs, book: book)
    self.source.withLock { $0 = source }
    if wasStopped.load(ordering: .relaxed) { source.stop() }

    let start = SystemClock.monotonicNanoseconds
    let watch = ImportWatch(inputs, book, keeper, rejected, start: start, show: show)
    let work = Work(terms: terms, book: book, source: source, rejected: rejected)
    var failure = await run(work, beside: watch)
    do throws(SystemError) {
      try rejected?.flush()
      try keeper.end(
        inputs, book.frontiers, isFinished: failure == nil && !source.hasStopped)
    } catch { failure = failure ?? .unwritable(error) }
    watch.show()
    let ending: ImportReport.Ending =
      failure.map { .failed($0) } ?? (source.hasStopped ? .stopped : .finished)
    return ImportReport(
      ending: ending, inputs: inputs.map(\.path), totals: book.totals, refusals: book.refusals(),
      seconds: Double(SystemClock.monotonicNanoseconds - start) / 1e9, skippedBytes: skipped,
      tellsDuplicates: terms.packing.form == .columns, cpuSeconds: ProcessTime.seconds)
  }

  private struct Work: Sendable {
    let terms: ImportWay.Terms
    let book: ImportBook
    let source: ImportSource
    let rejected: RejectedLines?
  }

  /// Has the threads work to the end, and answers what went wrong.
  private func run(_ work: Work, beside watch: ImportWatch) async -> ImportFailure? {
    let sender = ImportSender(
      way, book: work.book, source: work.source, rejected: work.rejected, loop: loop,
      patience: ImportPatience(options.patience))
    let projects =
      options.project.map(ImportProjects.one) ?? .named(known: work.terms.projects)
    return await withTaskGroup(of: ImportFailure?.self) { group in
      for number in 0..<options.threads {
        let worker = ImportWorker(
          name: "import-\(number)", loop: loop, projects, work.terms.packing, book: work.book,
          rejected: work.rejected)
        group.addTask {
          do {
            try await worker.run(work.source, sender)
            return nil
          } catch {
            // The others end, too: they stop at their next block.
            work.source.stop()
            return error as? ImportFailure ?? .mistake("\(error)")
          }
        }
      }
      group.addTask { [loop] in
        while !Task.isCancelled {
          await loop.sleep(for: .milliseconds(250))
          if !Task.isCancelled { watch.turn() }
        }
        return nil
      }
      var failure: ImportFailure?
      for _ in 0..<options.threads {
        guard let result = await group.next() else { break }
        failure = failure ?? result
      }
      group.cancelAll()
      return failure
    }
  }
}

/// Shows how far an import is, and has its state written now and then.
private final class ImportWatch: Sendable {
  private struct State {
    var pace = ImportPace()
    var turns = 0
  }

  private let inputs: [ImportSource.Opened]
  private let book: ImportBook
  private let keeper: ImportStateKeeper
  private let rejected: RejectedLines?
  private let start: UInt64
  private let showing: @Sendable (ImportProgress) -> Void
  private let state = Mutex(State())
  private let wholeBytes: Int?
  private let skippedBytes: Int

  /// A second: so much is read again after a crash.
  private static let turnsBetweenStates = 4

  init(
    _ inputs: [ImportSource.Opened], _ book: ImportBook, _ keeper: ImportStateKeeper,
    _ rejected: RejectedLines?, start: UInt64, show: @escaping @Sendable (ImportProgress) -> Void
  ) {
    self.inputs = inputs
    self.book = book
    self.keeper = keeper
    self.rejected = rejected
    self.start = start
    showing = show
    wholeBytes =
      inputs.allSatisfy(\.facts.isRegular) ? inputs.reduce(0) { $0 + $1.facts.size } : nil
    skippedBytes = inputs.reduce(0) { $0 + $1.start.bytes }
  }

  func turn() {
    show()
    let isDue = state.withLock { state in
      state.turns += 1
      return state.turns % Self.turnsBetweenStates == 0
    }
    if !isDue { return }
    // What is passed over the next time has to be in the file of refused lines by then.
    let places = book.frontiers
    do throws(SystemError) { try rejected?.flush() } catch { return }  // Told at the end.
    keeper.write(inputs, places)
  }

  func show() {
    let totals = book.totals
    let seconds = Double(SystemClock.monotonicNanoseconds - start) / 1e9
    let pace = state.withLock { $0.pace.read(totals.lines, totals.bytes, at: seconds) }
    showing(
      ImportProgress(
        bytes: skippedBytes + totals.bytes, wholeBytes: wholeBytes, lines: totals.lines,
        refused: totals.refused, obstacle: totals.obstacle, linesPerSecond: pace.0,
        bytesPerSecond: pace.1))
  }
}
