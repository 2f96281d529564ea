import Platform
import SQLite

// After the third failed write in ten minutes nothing new is taken in: what is kept is shipped, and
// every further promise would stand on a disk that does not keep them (RELIABILITY S6).
extension SpoolWriter {
  private var path: String { configuration.directory + "/" + SpoolFiles.failures }

  /// Called once, after the start.
  func beginDraining() {
    guard let wait = upkeep.failures.remaining(at: clock.wallMilliseconds) else { return }
    upkeep.isDraining = true
    Task(executorPreference: worker) { [clock, weak self] in
      await clock.sleep(for: wait)
      await self?.endDraining()
    }
  }

  /// Ten minutes have passed without a failure.
  private func endDraining() {
    upkeep.isDraining = false
    afterCommit()
  }

  /// A write or a sync has failed, and the program is about to end.
  func noteFailure() {
    let (bytes, offset) = upkeep.failures.note(at: clock.wallMilliseconds)
    // Where the disk takes nothing at all, the next start cannot write either, and takes nothing.
    try? disk.write(bytes, to: path, at: offset)
  }

  /// The program ends in good order: everything that was to be written has been.
  func forgetFailures() {
    guard failure == nil, !upkeep.failures.isEmpty else { return }
    upkeep.failures.clear()
    // If that cannot be written, the next start drains for a while: no harm but to its intake.
    try? disk.write(FailureLog.emptyBytes, to: path, at: 0)
  }
}
