import HTTP
import JSON
import Platform
import Store
import Synchronization

/// A check of the store beside a running program, as its control socket offers it: one at a time, on a
/// thread of its own. Whoever asks hears how far it is, and has the report once it is done.
final class StoreCheckDesk: Sendable {
  private struct State {
    var isRunning = false
    var progress = StoreCheck.Progress()
    var report: StoreCheckReport?
  }

  private let place: StoreCheck.Place
  private let worker = Worker(name: "store-check")
  private let state = Mutex(State())

  init(_ folder: DataFolder) {
    place = StoreCheck.Place(database: folder.storePath, packs: folder.packsPath)
  }

  func mount(on router: inout Router) {
    router.add(.post, "/store/check") { _ in self.started() }
    router.add(.get, "/store/check") { _ in self.status }
    router.add(.get, "/store/check/report") { request in self.report(request) }
  }

  private func started() -> Response {
    begin()
    return status
  }

  /// Starts a check, unless one is under way: then that one is whoever asks waits for.
  private func begin() {
    let isMine = state.withLock { state in
      if state.isRunning { return false }
      state = State(isRunning: true)
      return true
    }
    guard isMine else { return }
    Task(executorPreference: worker) { [self] in
      ThreadPriority.lower()
      let check = StoreCheck(place, isRunning: true) { progress in
        self.state.withLock { $0.progress = progress }
        return true
      }
      let report = check.run()
      state.withLock {
        $0.report = report
        $0.isRunning = false
      }
    }
  }

  private var status: Response {
    let (isRunning, progress, isDamaged) = state.withLock {
      ($0.isRunning, $0.progress, $0.report?.isDamaged ?? false)
    }
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.key("running")
    json.bool(isRunning)
    json.key("done")
    json.integer(Int64(progress.done))
    json.key("total")
    json.integer(Int64(progress.total))
    json.key("damaged")
    json.bool(isDamaged)
    json.endObject()
    return .json(json.bytes)
  }

  private func report(_ request: Request) -> Response {
    guard let report = state.withLock({ $0.report }) else {
      return .problem(.notFound, "no_report", "No check of the store has been done yet.")
    }
    if request.head.query("form") == "text" {
      return .text(report.text)
    }
    return .json(report.json)
  }
}
