import CFaultVFS
import Glibc
import Platform

@testable import Spool

/// A disk in memory that fails and forgets as it is told; the spool's database lies on it too.
final class SimulatedDisk: Disk {
  let world: Int32
  var folder: String { "/w\(world)/spool" }
  let databaseFileSystem: String? = "fault"

  init(world: Int32? = nil) {
    fault_register()
    self.world = world ?? fault_world_new()
  }

  deinit { fault_world_free(world) }

  /// What is left when the power goes: unsynced sectors stay with this probability.
  func afterPowerLoss(seed: UInt64, keeping: Int) -> SimulatedDisk {
    SimulatedDisk(world: fault_world_power_loss(world, seed, Int32(keeping)))
  }

  /// What is left when the process is killed.
  func afterKill() -> SimulatedDisk { SimulatedDisk(world: fault_world_copy(world)) }

  func plan(_ kinds: Int, after: Int, forever: Bool, code: Int32 = EIO) {
    fault_world_plan(world, Int32(kinds), after, forever ? 1 : 0, code)
  }

  var operations: Int { fault_world_operations(world) }
  var failures: Int { fault_world_failures(world) }

  func path(_ name: String) -> String { folder + "/" + name }

  func bytes(_ name: String) -> [UInt8] {
    (try? read(path(name), count: 1 << 30, at: 0)) ?? []
  }

  func flip(bit: Int, at offset: Int, of name: String) {
    let old = bytes(name)[offset]
    let new = [old ^ (1 << UInt8(bit))]
    _ = unsafe fault_write(path(name), new, 1, Int64(offset))
    _ = unsafe fault_sync(path(name))
  }

  func cut(_ name: String, to size: Int) {
    _ = unsafe fault_truncate(path(name), Int64(size))
    _ = unsafe fault_sync(path(name))
  }

  // MARK: Disk

  /// Keeps the world for as long as somebody works in it.
  private final class Lock: DiskLock {
    let disk: SimulatedDisk
    init(_ disk: SimulatedDisk) { self.disk = disk }
  }

  func createDirectory(_ path: String) throws(SystemError) {}

  func names(in directory: String) throws(SystemError) -> [String] {
    var names: Set<String> = []
    var index: Int32 = 0
    var buffer = [CChar](repeating: 0, count: 256)
    while unsafe fault_name(world, index, &buffer, 256) > 0 {
      let path = String(
        decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if path.hasPrefix(directory + "/") {
        names.insert(String(path.dropFirst(directory.count + 1).prefix { $0 != "/" }))
      }
      index += 1
    }
    return names.sorted()
  }

  func synchronizeDirectory(_ path: String) throws(SystemError) {
    try check(unsafe fault_sync_directory(path), "fsync", path)
  }

  func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock {
    Lock(self)
  }

  func size(of path: String) throws(SystemError) -> Int? {
    let size = unsafe fault_size(path)
    return size < 0 ? nil : Int(size)
  }

  func create(_ path: String) throws(SystemError) {
    try check(unsafe fault_create(path), "open", path)
  }

  func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    let size = Int(unsafe fault_size(path))
    guard size > offset else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
    _ = unsafe fault_read(path, &bytes, Int64(bytes.count), Int64(offset))
    return bytes
  }

  func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError) {
    if unsafe fault_size(path) < 0 { try create(path) }
    try check(unsafe fault_write(path, bytes, Int64(bytes.count), Int64(offset)), "pwrite", path)
    try check(unsafe fault_sync(path), "fdatasync", path)
  }

  func allocate(_ path: String, bytes: Int) throws(SystemError) {
    try create(path)
    try write([0], to: path, at: bytes - 1)
  }

  func rename(_ path: String, to other: String) throws(SystemError) {
    try check(unsafe fault_rename(path, other), "rename", path)
  }

  func remove(_ path: String) throws(SystemError) {
    try check(unsafe fault_remove(path), "unlink", path)
  }

  func fileSystem(of path: String) throws(SystemError) -> FileSystem {
    FileSystem(freeBytes: Int(fault_world_free_bytes(world)), type: 0)
  }

  private func check(_ result: Int32, _ call: String, _ path: String) throws(SystemError) {
    if result < 0 { throw SystemError(code: -result, call: call, subject: path) }
  }
}
