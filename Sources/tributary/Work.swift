import Synchronization
import Platform

/// A command's asynchronous work, waited for by the main thread.
enum Work {
  private final class Result: Sendable {
    let state = Mutex<(isDone: Bool, problem: (any Error)?)>((false, nil))
  }

  /// Runs the work and returns what it threw.
  static func run(_ body: @escaping @Sendable () async throws -> Void) -> (any Error)? {
    let result = Result()
    Task.detached {
      var problem: (any Error)?
      do { try await body() } catch { problem = error }
      result.state.withLock { $0 = (true, problem) }
    }
    while true {
      let (isDone, problem) = result.state.withLock { $0 }
      if isDone { return problem }
      SystemClock.pauseThread(milliseconds: 5)
    }
  }
}
