import CFaultVFS
import Glibc
package import Platform

/// A disk in memory that fails and forgets as it is told; databases lie on it too.
package final class SimulatedDisk: Disk {
  private let world: Int32
  package var folder: String { "/w\(world)/data" }
  package let databaseFileSystem: String? = "fault"

  /// What can be made to fail.
  package struct Operations: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let reads = Operations(rawValue: 2)
    /// Everything but opening and reading.
    package static let changes = Operations(rawValue: 0xFC)
    package static let all = Operations(rawValue: 0xFF)
  }

  package convenience init() { self.init(world: nil) }

  private init(world: Int32?) {
    fault_register()
    self.world = world ?? fault_world_new()
  }

  deinit { fault_world_free(world) }

  /// What is left when the power goes: unsynced sectors stay with this probability.
  package func afterPowerLoss(seed: UInt64, keeping: Int) -> SimulatedDisk {
    SimulatedDisk(world: fault_world_power_loss(world, seed, Int32(keeping)))
  }

  /// What is left when the process is killed.
  package func afterKill() -> SimulatedDisk { SimulatedDisk(world: fault_world_copy(world)) }

  package func plan(_ kinds: Int, after: Int, forever: Bool, code: Int32 = EIO) {
    fault_world_plan(world, Int32(kinds), after, forever ? 1 : 0, code)
  }

  /// Has operations of these kinds fail: that number of them, and all later ones if `forever`.
  package func plan(
    _ kinds: Operations, after: Int, forever: Bool, code: Int32 = EIO
  ) { plan(Int(kinds.rawValue), after: after, forever: forever, code: code) }

  /// Nothing fails any more.
  package func forgetPlan() { plan([], after: 0, forever: false) }

  /// Files whose names end so are not synced from now on, and nobody is told.
  package func lie(about suffix: String) { unsafe fault_world_lie(world, suffix) }

  package var operations: Int { fault_world_operations(world) }
  package var failures: Int { fault_world_failures(world) }

  package var freeBytes: Int { Int(fault_world_free_bytes(world)) }
  package func setCapacity(_ bytes: Int) { fault_world_set_capacity(world, Int64(bytes)) }

  package func path(_ name: String) -> String { folder + "/" + name }

  package func bytes(_ name: String) -> [UInt8] {
    (try? read(path(name), count: 1 << 30, at: 0)) ?? []
  }

  package func flip(bit: Int, at offset: Int, of name: String) {
    let old = bytes(name)[offset]
    let new = [old ^ (1 << UInt8(bit))]
    _ = unsafe fault_write(path(name), new, 1, Int64(offset))
    _ = unsafe fault_sync(path(name))
  }

  package func cut(_ name: String, to size: Int) {
    _ = unsafe fault_truncate(path(name), Int64(size))
    _ = unsafe fault_sync(path(name))
  }

  // MARK: Disk

  /// Keeps the world for as long as somebody works in it.
  private final class Lock: DiskLock {
    let disk: SimulatedDisk
    init(_ disk: SimulatedDisk) { self.disk = disk }
  }

  package func createDirectory(_ path: String) throws(SystemError) {}

  package func names(in directory: String) throws(SystemError) -> [String] {
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

  package func synchronizeDirectory(_ path: String) throws(SystemError) {
    try check(unsafe fault_sync_directory(path), "fsync", path)
  }

  package func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock {
    Lock(self)
  }

  private final class OpenFile: DiskFile {
    let path: String
    private let disk: SimulatedDisk

    init(_ path: String, on disk: SimulatedDisk) {
      self.path = path
      self.disk = disk
    }

    var size: Int {
      get throws(SystemError) {
        Int(try disk.check(unsafe fault_size(path), "fstat", path))
      }
    }

    func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      let got = try disk.check(
        unsafe fault_pread(path, &bytes, Int64(count), Int64(offset)), "pread", path)
      bytes.removeLast(count - Int(got))
      return bytes
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
      // SAFETY: the bytes live for the call, which copies them.
      let result = unsafe bytes.withUnsafeBytes {
        unsafe fault_write(path, $0.baseAddress, Int64($0.count), Int64(offset))
      }
      try disk.check(Int64(result), "pwrite", path)
    }

    func truncate(to size: Int) throws(SystemError) {
      try disk.check(Int64(unsafe fault_truncate(path, Int64(size))), "ftruncate", path)
    }

    func synchronize() throws(SystemError) {
      try disk.check(Int64(unsafe fault_sync(path)), "fdatasync", path)
    }

    func forgetCached(_ count: Int, at offset: Int) {}
  }

  package func open(_ path: String, for access: File.Access) throws(SystemError) -> any DiskFile {
    if case .writing = access, unsafe fault_size(path) < 0 {
      try create(path)
    } else {
      try check(unsafe fault_open(path), "open", path)
    }
    return OpenFile(path, on: self)
  }

  package func size(of path: String) throws(SystemError) -> Int? {
    let size = unsafe fault_size(path)
    return size < 0 ? nil : Int(size)
  }

  package func create(_ path: String) throws(SystemError) {
    try check(unsafe fault_create(path), "open", path)
  }

  package func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    let size = Int(unsafe fault_size(path))
    guard size > offset else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
    _ = unsafe fault_read(path, &bytes, Int64(bytes.count), Int64(offset))
    return bytes
  }

  package func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError) {
    if unsafe fault_size(path) < 0 { try create(path) }
    try check(unsafe fault_write(path, bytes, Int64(bytes.count), Int64(offset)), "pwrite", path)
    try check(unsafe fault_sync(path), "fdatasync", path)
  }

  package func allocate(_ path: String, bytes: Int) throws(SystemError) {
    try create(path)
    try write([0], to: path, at: bytes - 1)
  }

  package func rename(_ path: String, to other: String) throws(SystemError) {
    try check(unsafe fault_rename(path, other), "rename", path)
  }

  package func remove(_ path: String) throws(SystemError) {
    let result = unsafe fault_remove(path)
    if result != -ENOENT { try check(result, "unlink", path) }
  }

  package func fileSystem(of path: String) throws(SystemError) -> FileSystem {
    FileSystem(freeBytes: Int(fault_world_free_bytes(world)), type: 0)
  }

  private func check(_ result: Int32, _ call: String, _ path: String) throws(SystemError) {
    try check(Int64(result), call, path)
  }

  @discardableResult
  private func check(
    _ result: Int64, _ call: String, _ path: String
  ) throws(SystemError) -> Int64 {
    if result < 0 { throw SystemError(code: Int32(-result), call: call, subject: path) }
    return result
  }
}
