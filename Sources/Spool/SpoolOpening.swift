import Platform
import SQLite

/// How a spool starts: the lock, the folder, the database, and what a crash left of it.
struct SpoolOpening {
  let configuration: SpoolConfiguration
  let disk: any Disk
  let random: any RandomSource
  let now: Int64

  struct Opened {
    let store: SpoolStore
    let lock: any DiskLock
  }

  private var databasePath: String { configuration.directory + "/spool.db" }

  func open() throws(SpoolError) -> Opened {
    let lock = try prepareDirectory()
    try createFile()
    let database = try openDatabase()
    do throws(SpoolStore.Unsound) {
      let store = try SpoolStore(
        database: database, configuration: configuration, newEpoch: Epoch(random: random), after: 0)
      return Opened(store: store, lock: lock)
    } catch { throw .failed("\(error)") }
  }

  /// Made by us and not by SQLite, for its rights and so that its entry is on disk before the first
  /// event is accepted.
  private func createFile() throws(SpoolError) {
    do throws(SystemError) {
      if try disk.size(of: databasePath) == nil {
        try disk.create(databasePath)
        try disk.synchronizeDirectory(configuration.directory)
      }
    } catch { throw .failed(error.description) }
  }

  private func openDatabase() throws(SpoolError) -> Database {
    do throws(Schema.Problem) {
      let database: Database
      do throws(SQLiteError) {
        database = try Database(
          path: databasePath,
          configuration: .owner(
            exclusively: true, fileSystem: disk.databaseFileSystem,
            cacheKiB: configuration.cacheKiB))
      } catch { throw Schema.Problem.failed(error) }
      try SpoolSchema.schema.migrate(database)
      return database
    } catch {
      switch error {
      case .newer(let found, let known): throw .newerSchema(found: found, known: known)
      case .failed(let error): throw .failed(error.description)
      }
    }
  }

  private func prepareDirectory() throws(SpoolError) -> any DiskLock {
    do throws(SystemError) {
      try disk.createDirectory(configuration.directory)
      if let network = try disk.fileSystem(of: configuration.directory).networkName {
        throw SystemError(code: 0, call: network)
      }
    } catch {
      if error.code == 0 { throw .networkFileSystem(error.call) }
      throw .failed(error.description)
    }
    do throws(FileLock.Problem) {
      return try disk.lock(configuration.directory + "/spool.lock")
    } catch {
      switch error {
      case .held(let process): throw .locked(by: process)
      case .system(let error): throw .failed(error.description)
      }
    }
  }
}
