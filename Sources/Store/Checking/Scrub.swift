import Compression
import Platform
import Sections
import Synchronization

/// Walks over all that is sealed, at leisure, so that damage is found while there is a backup to mend it
/// from, and not by the question that needs the section. What is read in a walk, and how long it takes,
/// is as the period says; a section that turns out to be damaged is looked at twice and then set aside
/// for good.
actor Scrub {
  private let worker: Worker
  private let hot: HotTier
  private let packs: PackFolder
  private let clock: any Clock
  private let period: Duration
  private nonisolated let writer: StoreWriter
  private nonisolated let board = Mutex(ScrubStatus())
  private var isLowered = false

  /// With nothing to read it is asked so often whether there is something now.
  private static let idle: Duration = .seconds(600)
  /// The position is written down when so much has passed: a start goes on from there.
  private static let savedEvery: Int64 = 600_000
  /// A read that failed for a moment is no damage.
  private static let secondLook: Duration = .seconds(1)

  init(
    worker: Worker, hot: HotTier, writer: StoreWriter, packs: PackFolder, period: Duration,
    clock: any Clock
  ) {
    self.worker = worker
    self.hot = hot
    self.writer = writer
    self.packs = packs
    self.period = period
    self.clock = clock
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  nonisolated var status: ScrubStatus { board.withLock { $0 } }

  /// Walks until the task is cancelled.
  func run() async {
    var position = await writer.scrubPosition()
    while !Task.isCancelled {
      await walk(from: position)
      position = ScrubPosition()
    }
  }

  /// One walk, from a position to the end; the pace is that of the period.
  func walk(from start: ScrubPosition = ScrubPosition()) async {
    if !isLowered {
      ThreadPriority.lower()
      isLowered = true
    }
    let total = sections().reduce(0) { $0 + $1.place.byteCount }
    guard total > 0 else { return await clock.sleep(for: min(Self.idle, period)) }
    var open: PackCheck?
    var saved = clock.wallMilliseconds
    var position = start
    while let step = await step(from: position, &open) {
      if Task.isCancelled { return }
      position = step.next
      if clock.wallMilliseconds - saved >= Self.savedEvery {
        saved = clock.wallMilliseconds
        await writer.save(position)
      }
      let share = period * (Double(step.bytes) / Double(total))
      if share > step.taken { await clock.sleep(for: share - step.taken) }
    }
    if Task.isCancelled { return }
    await writer.save(ScrubPosition())
    board.withLock {
      $0.walks += 1
      $0.lastWalkEnded = clock.wallMilliseconds
    }
  }

  private func sections() -> some Sequence<SealedSection> {
    hot.all.lazy.flatMap(\.sealed).filter { $0.reasonAside == nil }
  }

  private struct Step {
    let next: ScrubPosition
    let bytes: Int
    let taken: Duration
  }

  /// Looks at the first section from a place on; nil behind the last. No section is held from one step to
  /// the next: whoever holds one keeps the file of a pack that was replaced.
  private func step(from position: ScrubPosition, _ open: inout PackCheck?) async -> Step? {
    let began = clock.monotonicNanoseconds
    let rest = sections().filter { position <= ScrubPosition($0) }
    guard let section = rest.min(by: { ScrubPosition($0) < ScrubPosition($1) }) else { return nil }
    await look(at: section, &open)
    board.withLock {
      $0.sections += 1
      $0.bytes += section.place.byteCount
    }
    return Step(
      next: ScrubPosition(after: section), bytes: section.place.byteCount,
      taken: .nanoseconds(Int64(clock.monotonicNanoseconds &- began)))
  }

  private func look(at section: SealedSection, _ open: inout PackCheck?) async {
    guard let first = problem(of: section, &open) else { return }
    await clock.sleep(for: Self.secondLook)
    open = nil
    guard isSealed(section), let second = problem(of: section, &open) else { return }
    switch (first, second) {
    case (_, .section(let problem)):
      section.setAside("\(problem)")
      // Where it cannot be written down the next walk finds it again.
      try? await writer.setAside(damaged: [section])
    case (_, .pack(let problem)):
      // What the program has open can still be read; the next start could not open it.
      board.withLock { $0.packs[section.pack.header.number] = "\(problem)" }
    }
  }

  private enum Problem {
    case pack(PackProblem)
    case section(SectionProblem)
  }

  private func problem(of section: SealedSection, _ open: inout PackCheck?) -> Problem? {
    let number = section.pack.header.number
    do throws(PackProblem) {
      if open?.pack.header.number != number {
        open = nil
        let check = try PackCheck(
          packs.directory.file(Pack.name(number)), on: packs.disk)
        guard check.pack.header == section.pack.header, check.pack.index == section.pack.index
        else { throw .foreign }
        open = check
      }
    } catch { return .pack(error) }
    do throws(SectionProblem) {
      try open?.check(section.number)
      return nil
    } catch { return .section(error) }
  }

  /// Merging may have taken it away since.
  private func isSealed(_ section: SealedSection) -> Bool {
    hot.existing(section.place.project)?.sealed.contains { $0 === section } ?? false
  }
}

/// What the scrub has done since the start.
package struct ScrubStatus: Sendable {
  package internal(set) var walks = 0
  package internal(set) var sections = 0
  package internal(set) var bytes = 0
  /// When everything had last been read, in milliseconds since 1970; nil before that.
  package internal(set) var lastWalkEnded: Int64?
  /// Packs whose files cannot be opened any more, and why.
  package internal(set) var packs: [UInt64: String] = [:]
}

/// Where a walk is: sections in the order of their packs' numbers.
struct ScrubPosition: Comparable, Sendable {
  var pack: UInt64 = 0
  var section = 0

  init(pack: UInt64 = 0, section: Int = 0) {
    self.pack = pack
    self.section = section
  }

  init(_ section: SealedSection) {
    self.init(pack: section.pack.header.number, section: section.number)
  }

  init(after section: SealedSection) {
    self.init(pack: section.pack.header.number, section: section.number + 1)
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.pack, left.section) < (right.pack, right.section)
  }
}
