/// How a connection is opened: its access, its file system, and its pragmas in the order in which
/// they are set. Each is read back, and a connection that does not do as told is refused.
package struct DatabaseConfiguration: Sendable {
  package enum Access: Sendable {
    /// Makes the file if there is none. One owner writes and runs every checkpoint.
    case owner
    /// Reads beside the owner and never checkpoints, not even when it closes.
    case reader
  }

  package struct Pragma: Sendable {
    package let name: String
    package let value: String
    /// What reading it back answers.
    package let answer: String

    package init(_ name: String, _ value: String, reads answer: String? = nil) {
      self.name = name
      self.value = value
      self.answer = answer ?? value
    }
  }

  package var access: Access
  /// A registered VFS other than the system's, for simulations.
  package var fileSystem: String?
  package var pragmas: [Pragma]

  package init(access: Access, fileSystem: String? = nil, pragmas: [Pragma]) {
    self.access = access
    self.fileSystem = fileSystem
    self.pragmas = pragmas
  }

  /// What every database of ours wants of its one writer: durable commits into a WAL that nobody
  /// checkpoints unasked, and nothing that turns an I/O error into a signal.
  package static func owner(
    exclusively isExclusive: Bool, fileSystem: String? = nil, cacheKiB: Int = 2048
  ) -> DatabaseConfiguration {
    // Before anything that looks into the file: the first look at a WAL without it makes the shared
    // memory that an exclusive owner must not have.
    var pragmas = [
      isExclusive ? Pragma("locking_mode", "EXCLUSIVE", reads: "exclusive") : busyTimeout
    ]
    pragmas += [
      // Both are fixed by the first write.
      Pragma("page_size", "4096"),
      Pragma("auto_vacuum", "INCREMENTAL", reads: "2"),
      Pragma("journal_mode", "WAL", reads: "wal"),
      Pragma("synchronous", "FULL", reads: "2"),
      Pragma("wal_autocheckpoint", "0"),
      Pragma("journal_size_limit", "16777216"),
      // Debian's default is ON: it would write zeros over every row that leaves the queue.
      Pragma("secure_delete", "OFF", reads: "0"),
      Pragma("temp_store", "MEMORY", reads: "2"),
      Pragma("mmap_size", "0"),
      Pragma("cell_size_check", "ON", reads: "1"),
      Pragma("trusted_schema", "OFF", reads: "0"),
      Pragma("cache_size", "-\(cacheKiB)"),
    ]
    return DatabaseConfiguration(access: .owner, fileSystem: fileSystem, pragmas: pragmas)
  }

  /// A lock that somebody holds for a moment (a connection that opens or closes, an operator's shell)
  /// is waited for: to give up at once would look like a failure of the disk.
  private static let busyTimeout = Pragma("busy_timeout", "5000")

  /// A reader of a database that another connection of this process owns.
  package static func reader(
    fileSystem: String? = nil, cacheKiB: Int = 2048
  ) -> DatabaseConfiguration {
    DatabaseConfiguration(
      access: .reader, fileSystem: fileSystem,
      pragmas: [
        busyTimeout,
        Pragma("query_only", "ON", reads: "1"),
        Pragma("wal_autocheckpoint", "0"),
        Pragma("temp_store", "MEMORY", reads: "2"),
        Pragma("mmap_size", "0"),
        Pragma("cell_size_check", "ON", reads: "1"),
        Pragma("trusted_schema", "OFF", reads: "0"),
        Pragma("cache_size", "-\(cacheKiB)"),
      ])
  }

  /// A database that somebody has set aside: read alone, without shared memory, and left as it is.
  package static func evidence(fileSystem: String? = nil) -> DatabaseConfiguration {
    var configuration = reader(fileSystem: fileSystem, cacheKiB: 512)
    configuration.pragmas.insert(Pragma("locking_mode", "EXCLUSIVE", reads: "exclusive"), at: 0)
    return configuration
  }
}
