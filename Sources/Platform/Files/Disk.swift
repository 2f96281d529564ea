internal import Glibc

/// The seam to the disk, for the files that we write ourselves beside a database: a simulation puts
/// its own behind it and forgets, at a crash, whatever was not synced. (SQLite's own files are
/// simulated below SQLite, by the VFS whose name stands here.)
package protocol Disk: Sendable {
  /// The registered SQLite VFS that sees the same files, or nil for the system's.
  var databaseFileSystem: String? { get }

  func createDirectory(_ path: String) throws(SystemError)
  func names(in directory: String) throws(SystemError) -> [String]
  func synchronizeDirectory(_ path: String) throws(SystemError)
  func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock

  /// The size of a file, or nil where there is none.
  func size(of path: String) throws(SystemError) -> Int?
  /// Makes an empty file where there is none.
  func create(_ path: String) throws(SystemError)
  func open(_ path: String, for access: File.Access) throws(SystemError) -> any DiskFile
  /// `count` bytes from `offset`, fewer at the end, none where there is no file.
  func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8]
  /// Writes and syncs; makes the file where there is none (its entry needs the folder's sync).
  func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError)
  /// A file with real blocks under it.
  func allocate(_ path: String, bytes: Int) throws(SystemError)
  /// Durable after the sync of both folders.
  func rename(_ path: String, to other: String) throws(SystemError)
  func remove(_ path: String) throws(SystemError)
  func fileSystem(of path: String) throws(SystemError) -> FileSystem
}

/// A lock that is held for as long as this object lives.
package protocol DiskLock: AnyObject, Sendable {}

/// The machine's own disk.
package struct SystemDisk: Disk {
  private final class Lock: DiskLock {
    let lock: FileLock
    init(_ path: String) throws(FileLock.Problem) { lock = try FileLock(path) }
  }

  package init() {}

  package var databaseFileSystem: String? { nil }

  package func createDirectory(_ path: String) throws(SystemError) {
    try Directory(path).create()
  }

  package func names(in directory: String) throws(SystemError) -> [String] {
    try Directory(directory).names()
  }

  package func synchronizeDirectory(_ path: String) throws(SystemError) {
    try Directory(path).synchronize()
  }

  package func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock { try Lock(path) }

  package func size(of path: String) throws(SystemError) -> Int? {
    var status = stat()
    if unsafe stat(path, &status) == 0 { return Int(status.st_size) }
    if errno == ENOENT { return nil }
    throw SystemError(last: "stat", path)
  }

  package func create(_ path: String) throws(SystemError) {
    let file = try File(path, for: .writing)
    try file.close()
  }

  package func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    do throws(SystemError) {
      return try File(path, for: .reading).read(count, at: offset)
    } catch {
      if error.isMissing { return [] }
      throw error
    }
  }

  package func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError) {
    let file = try File(path, for: .writing)
    try file.write(bytes.span, at: offset)
    try file.synchronize()
    try file.close()
  }

  package func allocate(_ path: String, bytes: Int) throws(SystemError) {
    let file = try File(path, for: .writing)
    try file.allocate(bytes)
    try file.synchronize()
    try file.close()
  }

  package func rename(_ path: String, to other: String) throws(SystemError) {
    try call("rename", path) { unsafe Glibc.rename(path, other) }
  }

  package func remove(_ path: String) throws(SystemError) {
    if unsafe unlink(path) != 0, errno != ENOENT { throw SystemError(last: "unlink", path) }
  }

  package func fileSystem(of path: String) throws(SystemError) -> FileSystem {
    try FileSystem(of: path)
  }
}
