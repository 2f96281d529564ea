import Batches
package import Events
import Platform
import Sections
package import Synchronization

/// The events of all projects, and how many of them may be hot.
package final class HotTier: Sendable {
  package let maximumEvents: Int
  private let key: HotIDs.Key
  private let random: any RandomSource
  private let projects = Mutex<[ProjectID: ProjectEvents]>([:])
  private let count = Atomic<Int>(0)
  /// Second payloads under an id that was taken, since the start.
  package let conflicts = Atomic<Int>(0)
  /// Called with what was published, and whether enough of the project's batches wait to be laid out.
  private let onPublish: @Sendable (ProjectEvents, Bool) -> Void
  /// Called with each sealed section that a question could not read.
  private let onDamage: @Sendable (SealedSection) -> Void

  init(
    maximumEvents: Int, key: HotIDs.Key, random: any RandomSource,
    onDamage: @escaping @Sendable (SealedSection) -> Void = { _ in },
    onPublish: @escaping @Sendable (ProjectEvents, Bool) -> Void
  ) {
    self.maximumEvents = maximumEvents
    self.key = key
    self.random = random
    self.onPublish = onPublish
    self.onDamage = onDamage
  }

  package var eventCount: Int { count.load(ordering: .relaxed) }

  /// The project's events; none yet where it is new.
  package func project(_ id: ProjectID) -> ProjectEvents {
    projects.withLock { projects in
      if let project = projects[id] { return project }
      let words = [random.next(), random.next()]
      let bytes = words.flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
      }
      guard let secret = ProjectSecret(bytes) else { preconditionFailure("two words are 16 bytes") }
      let project = ProjectEvents(id: id, secret: secret, key: key, onDamage: onDamage)
      projects[id] = project
      return project
    }
  }

  /// A project whose secret is known from before.
  func add(_ id: ProjectID, secret: ProjectSecret) {
    projects.withLock { projects in
      guard projects[id] == nil else { return }
      projects[id] = ProjectEvents(id: id, secret: secret, key: key, onDamage: onDamage)
    }
  }

  /// The project's events, if there are any: questions about nothing leave no trace.
  package func existing(_ id: ProjectID) -> ProjectEvents? { projects.withLock { $0[id] } }

  var all: [ProjectEvents] { projects.withLock { Array($0.values) } }

  /// When the first of what is hot was received, by the wall clock.
  var oldestReceipt: Int64? { all.compactMap(\.oldestReceipt).min() }

  /// Makes room for events that are about to come; false where the limit would be passed.
  func reserve(_ events: Int) -> Bool {
    guard count.load(ordering: .relaxed) + events <= maximumEvents else { return false }
    count.add(events, ordering: .relaxed)
    return true
  }

  func unreserve(_ events: Int) { count.subtract(events, ordering: .relaxed) }

  func count(conflicts new: Int) { conflicts.add(new, ordering: .relaxed) }

  /// Takes in a batch that was committed in an earlier run.
  func restore(
    _ core: BatchCore, of id: ProjectID, number: Int64, received: Int64, except dropped: RowSet
  ) {
    count.add(core.rowCount - dropped.count, ordering: .relaxed)
    project(id).claim(
      new: core.ids, batch: number, rows: core.ids.indices.lazy.filter { !dropped.contains($0) })
    publish(
      WaitingBatch(number: number, rows: core.rowCount, dropped: dropped, received: received),
      of: id)
  }

  /// Shows the events of a committed batch, and has them laid out where that is due.
  func publish(_ batch: WaitingBatch, of id: ProjectID) {
    let project = project(id)
    onPublish(project, project.publish(batch))
  }
}
