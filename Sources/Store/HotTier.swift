import Batches
package import Events
import Platform
package import Synchronization

/// The hot events of all projects in memory, and how many there may be.
package final class HotTier: Sendable {
  package let maximumEvents: Int
  private let key: UInt64
  private let merger: Worker
  private let projects = Mutex<[ProjectID: HotProject]>([:])
  private let count = Atomic<Int>(0)
  private let isMerging = Atomic<Bool>(false)
  /// Second payloads under an id that was taken, since the start.
  package let conflicts = Atomic<Int>(0)

  init(maximumEvents: Int, key: UInt64, merger: Worker) {
    self.maximumEvents = maximumEvents
    self.key = key
    self.merger = merger
  }

  package var eventCount: Int { count.load(ordering: .relaxed) }

  /// The project's hot events; an empty one where none have come yet.
  package func project(_ id: ProjectID) -> HotProject {
    projects.withLock { projects in
      if let project = projects[id] { return project }
      let project = HotProject(id: id, key: key)
      projects[id] = project
      return project
    }
  }

  /// The project's hot events, if there are any: questions about nothing leave no trace.
  package func existing(_ id: ProjectID) -> HotProject? { projects.withLock { $0[id] } }

  /// Makes room for events that are about to come; false where the limit would be passed.
  func reserve(_ events: Int) -> Bool {
    guard count.load(ordering: .relaxed) + events <= maximumEvents else { return false }
    count.add(events, ordering: .relaxed)
    return true
  }

  func unreserve(_ events: Int) { count.subtract(events, ordering: .relaxed) }

  func countConflict() { conflicts.add(1, ordering: .relaxed) }

  /// Takes in a batch that was committed in an earlier run.
  func restore(
    _ core: BatchCore, of id: ProjectID, number: Int64, except dropped: RowSet, shift: Int64
  ) {
    count.add(core.rowCount - dropped.count, ordering: .relaxed)
    project(id).claim(core.ids, batch: number, except: dropped)
    publish(core, of: id, number: number, except: dropped, shift: shift)
  }

  /// Shows the events of a committed batch, and has runs merged where that is due.
  func publish(
    _ core: BatchCore, of id: ProjectID, number: Int64, except dropped: RowSet, shift: Int64
  ) {
    let project = project(id)
    guard project.publish(core, batch: number, except: dropped, shift: shift) else { return }
    // One merge at a time; the next batch asks again.
    guard isMerging.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    else { return }
    Task(executorPreference: merger) { [self] in
      while project.mergeRuns() {}
      isMerging.store(false, ordering: .relaxed)
    }
  }
}
