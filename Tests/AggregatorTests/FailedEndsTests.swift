import Events
import Platform
import Store
import Synchronization
import TestSupport
import Testing

@testable import Aggregator
@testable import Store

/// After the third end within ten minutes because of the disk, questions only (RELIABILITY S6).
@Suite("Failed ends, and intake after them") struct FailedEndsTests {
  private let scratch = Scratch()
  private let clock = ManualClock()
  private let minute: Int64 = 60_000
  private var directory: Directory { Directory(scratch.path) }

  private func start(_ disk: any Disk = SystemDisk()) -> (
    file: FailedEndsFile, finding: IntakeFinding?
  ) { start(disk, clock) }

  private func start(_ disk: any Disk, _ clock: any Clock) -> (
    file: FailedEndsFile, finding: IntakeFinding?
  ) {
    let (file, problem) = FailedEndsFile.open(
      "failures", in: scratch.path, disk: disk, clock: clock)
    return (file, IntakeFinding(file, problem))
  }

  @Test("the third end within ten minutes keeps intake shut until the first of them is that old")
  func third() {
    for end in 0..<3 as Range<Int64> {
      let (file, finding) = start()
      #expect(finding == nil && file.count == Int(end))
      clock.advance(milliseconds: minute)
      #expect(file.note() == nil)
      clock.advance(milliseconds: minute)
    }
    // The ends were at 1, 3 and 5 minutes, and this start is at 6.
    #expect(start().finding == .init(reason: .ends(3), pause: .seconds(300)))
    clock.advance(milliseconds: 5 * minute - 1)
    #expect(start().finding == .init(reason: .ends(3), pause: .milliseconds(1)))
    clock.advance(milliseconds: 1)
    let (file, finding) = start()
    #expect(finding == nil && file.count == 2)
    // One more makes three again.
    file.note()
    #expect(start().finding == .init(reason: .ends(3), pause: .seconds(120)))
  }

  @Test("starts without a note, as kills leave them, count for nothing", arguments: [1, 60])
  func kills(starts: Int) {
    start().file.note()
    start().file.note()
    for _ in 0..<starts { #expect(start().finding == nil) }
    #expect(start().file.count == 2)
  }

  @Test("ends that are ten minutes apart never shut it")
  func slow() {
    for _ in 0..<20 {
      start().file.note()
      clock.advance(milliseconds: 5 * minute)
      #expect(start().finding == nil)
    }
  }

  @Test("a clock that is set back shuts it for the window at most")
  func clockSetBack() {
    for _ in 0..<3 { start().file.note() }
    let past = ManualClock(start: clock.start - 86_400_000_000)
    #expect(start(SystemDisk(), past).finding == .init(reason: .ends(3), pause: .seconds(600)))
  }

  @Test("a torn record leaves the one before it; a file of nothing is no record")
  func torn() throws {
    for _ in 0..<3 { start().file.note() }
    var bytes = try #require(try directory.read("failures", upTo: 4_096))
    let first = try #require(FailedEnds(slot: Array(bytes[..<512])))
    let second = try #require(FailedEnds(slot: Array(bytes[512...])))
    #expect(Set([first.times.count, second.times.count]) == [2, 3])
    let newer = first.serial > second.serial ? 0 : 512
    bytes[newer + 20] ^= 1
    try directory.replace("failures", with: bytes.span)
    #expect(start().file.count == 2)
    let contents: [[UInt8]] = [
      [], Array(repeating: 0, count: 1_024), Array(repeating: 0xFF, count: 100),
    ]
    for content in contents {
      try directory.replace("failures", with: content.span)
      let (file, finding) = start()
      #expect(finding == nil && file.count == 0)
      #expect(try directory.read("failures", upTo: 4_096)?.count == 1_024)
    }
  }

  @Test("a disk that does not take the record keeps intake shut, a full one does not")
  func unwritable() {
    for (code, isShut) in [(5, true), (30, true), (28, false)] as [(Int32, Bool)] {
      let disk = RefusingDisk(code: code)
      let (file, finding) = start(disk)
      #expect((finding != nil) == isShut)
      if isShut { #expect(finding?.pause == .seconds(600)) }
      #expect(file.note()?.code == code)
    }
  }

  // MARK: What a pause means

  @Test("while it lasts events are refused and questions answered; then it opens by itself")
  func pause() async throws {
    var configuration = Store.Configuration(path: scratch.path + "/store.db")
    configuration.pause = .seconds(300)
    let store = try await Store.open(
      configuration, clock: clock, random: SystemRandom(), threads: Fixture.threads
    ) { Issue.record("the disk failed: \($0)") }
    let intake = DirectIntake(
      store: store, key: try Fixture.key(), clock: clock, random: SystemRandom())
    clock.advance(milliseconds: 299_001)
    #expect(store.refusal == .paused(seconds: 1))
    await #expect(throws: StoreError.paused(seconds: 1)) {
      try await intake.append(try list([event(1)]), project: "acme")
    }
    #expect(store.hot.eventCount == 0)
    clock.advance(milliseconds: 999)
    #expect(store.refusal == nil && store.pauseRest == nil)
    try await intake.append(try list([event(1)]), project: "acme")
    #expect(store.hot.eventCount == 1)
    await store.stop()
  }
}

/// A disk that takes nothing, and says why.
private struct RefusingDisk: Disk {
  let code: Int32
  private let disk = SystemDisk()

  init(code: Int32) { self.code = code }

  private var refusal: SystemError { SystemError(code: code, call: "write") }

  var databaseFileSystem: String? { nil }
  func createDirectory(_ path: String) throws(SystemError) { throw refusal }
  func names(in directory: String) throws(SystemError) -> [String] {
    try disk.names(in: directory)
  }
  func synchronizeDirectory(_ path: String) throws(SystemError) { throw refusal }
  func lock(_ path: String) throws(FileLock.Problem) -> any DiskLock { try disk.lock(path) }
  func size(of path: String) throws(SystemError) -> Int? { try disk.size(of: path) }
  func create(_ path: String) throws(SystemError) { throw refusal }
  func open(_ path: String, for access: File.Access) throws(SystemError) -> any DiskFile {
    throw refusal
  }
  func read(_ path: String, count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    try disk.read(path, count: count, at: offset)
  }
  func write(_ bytes: [UInt8], to path: String, at offset: Int) throws(SystemError) {
    throw refusal
  }
  func allocate(_ path: String, bytes: Int) throws(SystemError) { throw refusal }
  func rename(_ path: String, to other: String) throws(SystemError) { throw refusal }
  func remove(_ path: String) throws(SystemError) { throw refusal }
  func fileSystem(of path: String) throws(SystemError) -> FileSystem {
    try disk.fileSystem(of: path)
  }
}
