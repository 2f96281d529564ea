import Platform
import SQLite

// After the third failed write in ten minutes nothing new is taken in: what is kept is shipped, and
// every further promise would stand on a disk that does not keep them (RELIABILITY S6).
extension SpoolWriter {
  /// Called once, after the start.
  func beginDraining() {
    guard let wait = failedEnds?.pause else { return }
    upkeep.isDraining = true
    Task(executorPreference: worker) { [clock, weak self] in
      await clock.sleep(for: wait)
      await self?.endDraining()
    }
  }

  /// Fewer than three failures lie within the last ten minutes.
  private func endDraining() {
    upkeep.isDraining = false
    afterCommit()
  }

  /// A write or a sync has failed, and the program is about to end.
  func noteFailure() {
    // Where the disk takes nothing at all, the next start cannot write either, and takes nothing.
    failedEnds?.note()
  }

  /// The program ends in good order: everything that was to be written has been.
  func forgetFailures() {
    guard failure == nil else { return }
    // If that cannot be written, the next start drains for a while: no harm but to its intake.
    failedEnds?.forget()
  }
}
