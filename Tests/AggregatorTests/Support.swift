import Batches
import Compression
import Crypto
import Events
import Glibc
import JSON
import Platform
import Sections
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Store

/// A clock that moves only when it is told to.
final class ManualClock: Clock {
  private let elapsed = Mutex<Int64>(0)
  let start: Int64

  init(start: Int64 = 1_800_000_000_000) { self.start = start }

  var wallMilliseconds: Int64 { start + elapsed.withLock { $0 } }
  var monotonicNanoseconds: UInt64 { UInt64(elapsed.withLock { $0 }) * 1_000_000 }
  func sleep(for duration: Duration) async {}
  func advance(milliseconds: Int64) { elapsed.withLock { $0 += milliseconds } }
}

extension ProjectID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text): \(error)") }
  }
}

enum Fixture {
  /// Threads of stores live as long as the process: all tests share them.
  static let threads = Store.Threads()

  static func key() throws -> SigningKey { try SigningKey.generate().key }

  static func store(
    in scratch: Scratch, limit: Int = 1_000_000,
    waiting: StoreInbox.Limits = StoreInbox.Limits(bytes: 128 << 20, requests: 4_096),
    clock: any Clock = ManualClock()
  ) async throws -> Store {
    var configuration = Store.Configuration(path: scratch.path + "/store.db")
    configuration.maximumHotEvents = limit
    configuration.waiting = waiting
    return try await Store.open(
      configuration, clock: clock, random: SystemRandom(), threads: threads
    ) { Issue.record("the disk failed: \($0)") }
  }
}

func id(_ number: UInt64) -> EventID {
  EventID(milliseconds: 1_800_000_000_000, chance: (0, number))
}

func event(
  _ number: UInt64, cts: Int64 = 1_800_000_000_000, profile: String? = nil
) -> Event {
  Event(
    id: id(number), name: "click", cts: cts, sts: 1_800_000_000_005,
    profile: profile ?? "p\(number % 3)",
    props: ["number": .integer(Int64(number))])
}

func list(_ events: [Event]) throws -> EventList {
  var list = EventList()
  for event in events { try event.append(to: &list) }
  return list
}

extension Store {
  /// The ids of the events that questions see, sorted.
  func ids(of project: ProjectID) async throws -> [EventID] {
    guard let snapshot = try await snapshot(of: project) else { return [] }
    return try snapshot.sections.flatMap { section in
      try section.ids(snapshot.secret.ids).all(section)
    }.sorted()
  }
}

/// A number that the database answers beside its owner.
func count(_ sql: StaticString, in path: String) throws -> Int64 {
  try Database(path: path, configuration: .reader()).integer(sql) ?? 0
}
