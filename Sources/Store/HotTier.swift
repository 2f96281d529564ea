import Batches
package import Events
import Platform
package import Synchronization

/// The hot events of all projects in memory, and how many there may be.
package final class HotTier: Sendable {
  package let maximumEvents: Int
  private let key: HotIDs.Key
  private let merger: Worker
  private let projects = Mutex<[ProjectID: HotProject]>([:])
  private let count = Atomic<Int>(0)
  private let merging = Mutex(Merging())
  /// Second payloads under an id that was taken, since the start.
  package let conflicts = Atomic<Int>(0)

  /// Whose runs are to be merged, one project after another.
  private struct Merging {
    var due: Set<ProjectID> = []
    var isRunning = false
  }

  init(maximumEvents: Int, key: HotIDs.Key, merger: Worker) {
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

  func count(conflicts new: Int) { conflicts.add(new, ordering: .relaxed) }

  /// Takes in a batch that was committed in an earlier run.
  func restore(
    _ core: BatchCore, of id: ProjectID, number: Int64, except dropped: RowSet, shift: Int64
  ) {
    count.add(core.rowCount - dropped.count, ordering: .relaxed)
    project(id).claim(
      new: core.ids, batch: number, rows: core.ids.indices.lazy.filter { !dropped.contains($0) })
    publish(core, of: id, number: number, except: dropped, shift: shift)
  }

  /// Shows the events of a committed batch, and has runs merged where that is due.
  func publish(
    _ core: BatchCore, of id: ProjectID, number: Int64, except dropped: RowSet, shift: Int64
  ) {
    guard project(id).publish(core, batch: number, except: dropped, shift: shift) else { return }
    let mustStart = merging.withLock { merging in
      merging.due.insert(id)
      defer { merging.isRunning = true }
      return !merging.isRunning
    }
    if mustStart { Task(executorPreference: merger) { self.mergeDueRuns() } }
  }

  private func mergeDueRuns() {
    while true {
      let next = merging.withLock { merging in
        let next = merging.due.popFirst()
        if next == nil { merging.isRunning = false }
        return next
      }
      guard let next else { return }
      let project = project(next)
      while project.mergeRuns() {}
    }
  }
}
