import Aggregator
import Calendar
import Events
import Kernels
import Platform
import Query
import Sections
import Store

/// The store of one data folder, opened as the aggregator opens it, and asked without HTTP.
///
/// Nothing keeps answers. What a snapshot keeps from one question to the next is kept here as in the
/// aggregator: which rows are whose, made when people are first asked for.
struct Asker: Sendable {
  let project: ProjectID
  let store: Store
  let answers: SectionAnswers
  let threads: KernelThreads
  let clock: SystemClock
  private let lock: HeldLock

  /// The folder's lock, for as long as anybody asks.
  private final class HeldLock: Sendable {
    let lock: FileLock
    init(_ path: String) throws(FileLock.Problem) { lock = try FileLock(path) }
  }

  init(folder path: String, project: ProjectID, threads count: Int) async throws {
    let folder = DataFolder(path)
    do { lock = try HeldLock(folder.lockPath) } catch { throw Complaint("\(path): \(error)") }
    self.project = project
    clock = SystemClock(timers: try EventLoop(name: "timers"))
    var configuration = Store.Configuration(path: folder.storePath)
    configuration.packFolder = folder.packsPath
    // What is measured is not to change meanwhile: nothing is sealed.
    configuration.maximumHotEvents = 100_000_000
    configuration.sealsByItself = false
    store = try await Store.open(configuration, clock: clock, random: SystemRandom()) { failure in
      fatalError("\(failure)")
    }
    threads = KernelThreads(count: count)
    answers = SectionAnswers(threads, clock: clock)
  }

  var snapshot: Snapshot {
    get async throws {
      guard let snapshot = try await store.snapshot(of: project) else {
        throw Complaint("\(project.text) has no events")
      }
      guard snapshot.missing.isEmpty else {
        throw Complaint("sections are missing: \(snapshot.missing)")
      }
      return snapshot
    }
  }

  var sectionCount: Int { get async throws { try await snapshot.sections.count } }
  var eventCount: Int {
    get async throws { try await snapshot.sections.reduce(0) { $0 + $1.rowCount } }
  }

  /// The numbers of a series; all sections have to be there.
  func table(_ question: SeriesQuestion) async throws -> SeriesTable {
    try await answers.answer(question, from: snapshot, asOf: now).answer.content.current
  }

  /// What answers questions about what people did one after the other.
  var flows: FlowKernels {
    get async throws {
      FlowKernels(try await snapshot, on: threads, within: Budget(.standard, clock: clock))
    }
  }

  func page(_ question: RecentEvents) async throws -> EventPage {
    try await StoreAnswers(of: store, on: threads, clock: clock).answer(question, of: project)
  }

  func write(
    _ export: EventExport, to sink: @escaping @Sendable (Span<UInt8>) -> Bool
  ) async throws {
    try await answers.write(export, from: snapshot, to: sink)
  }

  var now: Instant { Instant(milliseconds: clock.wallMilliseconds) }
}
