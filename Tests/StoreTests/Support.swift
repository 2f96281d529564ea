import Batches
import Compression
import Crypto
import Events
import Glibc
import JSON
import Platform
import SQLite
import Sections
import Synchronization
import TestSupport
import Testing

@testable import Store

extension Scratch {
  /// Copies a database as a crash would leave it: first the file, which only checkpoints change, then
  /// the WAL, which only grows.
  func copy(_ name: String, to copy: String) {
    for suffix in ["", "-wal"] {
      let status = unsafe system("cp \(path)/\(name)\(suffix) \(path)/\(copy)\(suffix)")
      #expect(status == 0)
    }
  }
}

struct StillClock: Clock {
  var wallMilliseconds: Int64 = 1_800_000_000_000
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}

extension ProjectID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text): \(error)") }
  }
}

enum Fixture {
  /// Threads of stores live as long as the process: all tests share them.
  static let threads = Store.Threads()
  static let key: SigningKey = {
    do { return try SigningKey.generate().key } catch { fatalError("\(error)") }
  }()
}

func openStore(
  _ path: String, limit: Int = 10_000_000, shelfBytes: Int = 64 << 20, fileBytes: Int? = nil,
  clock: StillClock = StillClock(),
  onFailure: @escaping @Sendable (StoreFailure) -> Void = { Issue.record("the disk failed: \($0)") }
) async throws(StoreError) -> Store {
  var configuration = Store.Configuration(path: path)
  configuration.maximumHotEvents = limit
  configuration.shelfBytes = shelfBytes
  configuration.maximumFileBytes = fileBytes
  return try await Store.open(
    configuration, clock: clock, random: SystemRandom(), threads: Fixture.threads,
    onFailure: onFailure)
}

func id(_ number: UInt64, milliseconds: Int64 = 1_800_000_000_000) -> EventID {
  EventID(milliseconds: milliseconds, chance: (0, number))
}

func event(
  _ number: UInt64, says text: String = "", name: String = "click", cts: Int64 = 1_800_000_000_000,
  flags: EventRecord.Flags = .interactive, ctx: String = ""
) -> Event {
  Event(
    id: id(number), flags: flags, name: name, cts: cts, sts: cts &+ 5,
    profile: number % 3 == 0 ? "p\(number % 7)" : nil,
    device: number % 2 == 0 ? "d\(number % 5)" : nil,
    props: .object([.init("says", .string(text))]),
    ctx: .object([.init("ctx", .string(ctx))]))
}

/// Where a batch stands in what its collector sends.
struct Stand {
  var collector = "c1"
  var epoch = Epoch(high: 5, low: 6)
  var number: UInt64
  var first: UInt64 = 1
}

func batch(
  _ events: [Event], project: ProjectID = "acme", at stand: Stand? = nil,
  rejected: [RejectedRow] = [], shift: Int64 = 0, received: Int64 = 1_800_000_000_000
) throws -> ArrivedBatch {
  var list = EventList()
  for event in events { try event.append(to: &list) }
  let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
  let label = SealedBatch.Label(
    audience: StoreID(high: 1, low: 2), collector: CollectorID(high: 3, low: 4),
    epoch: stand?.epoch ?? Epoch(high: 0, low: 0), project: project, number: stand?.number ?? 1,
    created: BatchHeader.Created(
      wallMilliseconds: 1_800_000_000_000, boot: BootID(high: 7, low: 8),
      monotonicMilliseconds: 9))
  let sealed = SealedBatch.seal(
    body, firstSequence: stand?.first ?? 1, as: label, key: Fixture.key,
    compressor: ZstdCompressor())
  let origin = stand.map {
    BatchOrigin(
      epoch: $0.epoch, number: $0.number, sequences: sealed.header.sequences,
      digest: sealed.digest)
  }
  return ArrivedBatch(
    project: project, source: stand?.collector ?? "direct", origin: origin, bytes: sealed.bytes,
    columns: try BatchColumns(
      decoding: body.bytes,
      limits: BatchLimits(rows: 65_535, compressedBytes: 64 << 20, plainBytes: 64 << 20)),
    rejected: rejected, received: received, clockShift: shift)
}

extension Store {
  /// Commits these as one group, in this order.
  func commit(together batches: [ArrivedBatch]) async -> [Result<CommitOutcome, StoreError>] {
    let results = Mutex<[Int: Result<CommitOutcome, StoreError>]>([:])
    for (index, batch) in batches.enumerated() {
      _ = inbox.put(
        StoreInbox.Arrival(.batch(batch)) { result in
          results.withLock { $0[index] = result }
        })
    }
    await writer.drain()
    return results.withLock { results in batches.indices.compactMap { results[$0] } }
  }

  /// What a question for one event finds.
  func find(_ id: EventID, of project: ProjectID) async throws -> (Event, BatchShelf.Entry)? {
    for place in hot.existing(project)?.places(of: id) ?? [] {
      let entry = try await shelf.batch(place.batch)
      guard entry.columns.ids[place.row] == id else { continue }
      return (try Event(record: entry.columns.record(at: place.row).span), entry)
    }
    return nil
  }

  /// The ids and times of the events that questions see, in any order.
  func rows(of project: ProjectID) async throws -> [(id: EventID, cts: Int64)] {
    guard let snapshot = try await snapshot(of: project) else { return [] }
    var rows: [(id: EventID, cts: Int64)] = []
    for section in snapshot.sections {
      var times = try section.times()
      rows += zip(try section.ids(snapshot.secret.ids).all(section), try times.all()).map {
        ($0, $1)
      }
    }
    return rows
  }

  func ids(of project: ProjectID) async throws -> [EventID] {
    try await rows(of: project).map(\.id)
  }
}

/// Numbers that the database answers beside its owner.
func count(_ sql: StaticString, in path: String) throws -> Int64 {
  try Database(path: path, configuration: .reader()).integer(sql) ?? 0
}

/// A value that several tasks share.
final class Synchronized<Value: Sendable>: Sendable {
  private let stored: Mutex<Value>

  init(_ value: Value) { stored = Mutex(value) }

  var value: Value {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }

  func update(_ body: (inout sending Value) -> Void) { stored.withLock { body(&$0) } }
}
