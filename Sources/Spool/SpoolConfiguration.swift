/// What a spool is told at its start.
package struct SpoolConfiguration: Sendable {
  /// The folder, which is the spool's alone.
  package var directory: String
  package var maximumBytes = 10 << 30
  /// The size of the file that is given up when the disk runs full, so that what is kept can be
  /// shipped and deleted: on a full disk SQLite can do neither.
  package var ballastBytes = 64 << 20
  /// Beyond this size of the log nothing is taken; half of it is an alarm.
  package var maximumLogBytes = 64 << 20
  package var groupLimit = BlockLimit(events: 1000, bytes: 256 << 10)
  /// What may wait in memory for its commit.
  package var maximumWaitingBytes = 8 << 20
  /// Kept of what could not be shipped; beyond it the oldest is dropped.
  package var maximumQuarantinedEvents = 10_000
  package var cacheKiB = 2048
  /// For how long acknowledged batches are kept, as far as there is room; zero for not at all.
  package var keptFor: Duration = .zero
  /// The most that they take.
  var keptBytes: Int { maximumBytes / 4 }

  var room: Room {
    Room(
      maximumBytes: maximumBytes, maximumLogBytes: maximumLogBytes, ballastBytes: ballastBytes)
  }

  package init(directory: String) { self.directory = directory }
}
