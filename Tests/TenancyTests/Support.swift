import Crypto
import Events
import Glibc
import Platform
import SQLite
import Synchronization

@testable import Tenancy

/// A clock that a test sets.
final class HandClock: Clock {
  private let wall = Atomic<Int64>(1_777_889_472_345)

  var wallMilliseconds: Int64 { wall.load(ordering: .relaxed) }
  var monotonicNanoseconds: UInt64 { 1 }
  func sleep(for duration: Duration) async { advance(by: duration) }
  func advance(by duration: Duration) {
    wall.wrappingAdd(duration.wholeMilliseconds, ordering: .relaxed)
  }
}

/// A store in a folder of its own in memory, which can be closed and opened again.
final class TestStore {
  let path: String
  let clock = HandClock()
  private let random: SeededRandom
  private(set) var store: TenancyStore

  init(seed: UInt64 = 1) throws {
    var template = Array("/dev/shm/tributary-test-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer {
      unsafe String(cString: mkdtemp($0.baseAddress!))
    }
    random = SeededRandom(seed: seed)
    store = try Self.open(path, clock, random)
  }

  deinit { _ = unsafe system("rm -rf \(path)") }

  var file: String { path + "/tenancy.db" }

  func database() throws -> Database {
    try Database(path: file, configuration: .owner(exclusively: false))
  }

  func reopen() throws {
    store = try Self.open(path, clock, random)
  }

  private static func open(
    _ path: String, _ clock: HandClock, _ random: SeededRandom
  ) throws -> TenancyStore {
    try TenancyStore(
      Database(path: path + "/tenancy.db", configuration: .owner(exclusively: false)),
      clock: clock, random: random)
  }

  /// Everything that is on disk.
  func bytesOnDisk() throws -> [UInt8] {
    try Directory(path).names().flatMap { try Directory(path).read($0, upTo: 1 << 24) ?? [] }
  }
}

extension TenancySnapshot {
  func grant(key: String) -> Grant? { grant(forKey: key.utf8.span, at: 5_000_000) }

  func grant(client: String, secret: String? = nil) -> Grant? {
    guard let secret else { return grant(forClient: client.utf8.span, secret: nil, at: 5_000_000) }
    return grant(forClient: client.utf8.span, secret: secret.utf8.span, at: 5_000_000)
  }
}

extension KeyRing {
  func grant(key: String) -> Grant? { grant(forKey: key.utf8.span, at: 5_000_000) }

  func grant(client: String, secret: String? = nil) -> Grant? {
    guard let secret else { return grant(forClient: client.utf8.span, secret: nil, at: 5_000_000) }
    return grant(forClient: client.utf8.span, secret: secret.utf8.span, at: 5_000_000)
  }
}
