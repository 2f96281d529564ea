import Events
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Store

/// The disk fills and empties under the store (RELIABILITY S7).
@Suite("Room on the disk") struct RoomTests {
  let scratch = Scratch()
  private let disk = SmallDisk()
  private let clock = HandClock()

  private func open(ballast: Int = 0) async throws -> Store {
    var configuration = Store.Configuration(path: scratch.path + "/store.db")
    configuration.minimumFreeBytes = 1_000_000
    configuration.ballastBytes = ballast
    configuration.disk = disk
    return try await Store.open(
      configuration, clock: clock, random: SystemRandom(), threads: Fixture.threads
    ) { Issue.record("the disk failed: \($0)") }
  }

  @Test("below the reserve nothing is taken, at it everything, and nobody has to open it again")
  func reserve() async throws {
    let store = try await open()
    for round in 1...3 as ClosedRange<UInt64> {
      disk.free = 999_999
      // What was seen a moment ago still stands, and the commit looks for itself.
      #expect(store.refusal == nil)
      await #expect(throws: StoreError.diskFull) {
        try await store.commit(try batch([event(round)]))
      }
      #expect(store.refusal == .diskFull && store.room.isFull && !store.room.wasFull)
      #expect(store.hot.eventCount == Int(round) - 1)
      let seen35 = try await store.ids(of: "acme")
      #expect(round == 1 || seen35.count == Int(round) - 1)
      disk.free = 1_000_000
      #expect(store.refusal == .diskFull)
      clock.advance(milliseconds: 1_000)
      #expect(store.refusal == nil && !store.room.isFull)
      #expect(try await store.commit(try batch([event(round)])).accepted == 1)
    }
    await store.stop()
  }

  @Test("a disk that does not tell how full it is takes events")
  func silent() async throws {
    disk.free = nil
    let store = try await open()
    #expect(store.refusal == nil && store.room.freeBytes == nil)
    #expect(try await store.commit(try batch([event(1)])).accepted == 1)
    await store.stop()
  }

  @Test("a commit that finds no room says so until one does")
  func quota() async throws {
    var configuration = Store.Configuration(path: scratch.path + "/store.db")
    configuration.maximumFileBytes = 60 * 4_096
    let store = try await Store.open(
      configuration, clock: clock, random: SystemRandom(), threads: Fixture.threads
    ) { Issue.record("the disk failed: \($0)") }
    let noise = SeededRandom(seed: 1)
    let long = (0..<30_000).map { _ in "\(noise.next())" }.joined()
    await #expect(throws: StoreError.diskFull) {
      try await store.commit(try batch([event(1, says: long)]))
    }
    #expect(store.room.wasFull && store.room.isFull && store.refusal == nil)
    #expect(try await store.commit(try batch([event(1)])).accepted == 1)
    #expect(!store.room.wasFull && !store.room.isFull)
    await store.stop()
  }

  @Test("the ballast is there while there is plenty, and goes before it is needed")
  func ballast() async throws {
    let file = scratch.path + "/store.ballast"
    let system = SystemDisk()
    disk.free = 1_400_000
    var store = try await open(ballast: 100_000)
    #expect(try system.size(of: file) == nil)
    disk.free = 1_400_001
    _ = try await store.commit(try batch([event(1)]))
    #expect(try system.size(of: file) == 100_000)
    disk.free = 100_000
    clock.advance(milliseconds: 1_000)
    #expect(store.refusal == .diskFull)
    #expect(try system.size(of: file) == 100_000)
    await store.stop()
    // A start on a full disk gives it up before it opens anything.
    disk.free = 99_999
    store = try await open(ballast: 100_000)
    #expect(try system.size(of: file) == nil)
    let seen91 = try await store.ids(of: "acme")
    #expect(seen91 == [id(1)] && store.refusal == .diskFull)
    disk.free = 2_000_000
    clock.advance(milliseconds: 1_000)
    _ = try await store.commit(try batch([event(2)]))
    #expect(try system.size(of: file) == 100_000)
    await store.stop()
  }
}

/// A clock that moves only when it is told to.
private final class HandClock: Clock {
  private let elapsed = Mutex<UInt64>(0)
  var wallMilliseconds: Int64 { 1_800_000_000_000 }
  var monotonicNanoseconds: UInt64 { elapsed.withLock { $0 } }
  func sleep(for duration: Duration) async {}
  func advance(milliseconds: UInt64) { elapsed.withLock { $0 += milliseconds * 1_000_000 } }
}

/// The machine's disk, as full as a test says.
private final class SmallDisk: Disk {
  private let disk = SystemDisk()
  private let room = Mutex<Int?>(1 << 30)

  var free: Int? {
    get { room.withLock { $0 } }
    set { room.withLock { $0 = newValue } }
  }

  var databaseFileSystem: String? { nil }
  func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
  func names(in directory: String) throws(SystemError) -> [String] {
    try disk.names(in: directory)
  }
  func synchronizeDirectory(_ path: String) throws(SystemError) {
    try disk.synchronizeDirectory(path)
  }
  func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock { try disk.lock(path) }
  func size(of path: String) throws(SystemError) -> Int? { try disk.size(of: path) }
  func create(_ path: String) throws(SystemError) { try disk.create(path) }
  func open(_ path: String, for access: File.Access) throws(SystemError) -> any DiskFile {
    try disk.open(path, for: access)
  }
  func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    try disk.read(path, count: count, at: offset)
  }
  func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError) {
    try disk.write(bytes, to: path, at: offset)
  }
  func allocate(_ path: String, bytes: Int) throws(SystemError) {
    try disk.allocate(path, bytes: bytes)
  }
  func rename(_ path: String, to other: String) throws(SystemError) {
    try disk.rename(path, to: other)
  }
  func remove(_ path: String) throws(SystemError) { try disk.remove(path) }
  func fileSystem(of path: String) throws(SystemError) -> FileSystem {
    guard let free else { throw SystemError(code: 38, call: "statfs", subject: path) }
    return FileSystem(freeBytes: free, type: 0)
  }
}
