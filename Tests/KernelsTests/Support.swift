import Batches
import Calendar
import Compression
import Crypto
import Events
import Glibc
import JSON
import Platform
import Query

@testable import Store

/// A store in memory whose projects are the histories of the tests.
final class Ground: Sendable {
  let store: Store
  private let path: String
  private static let threads = Store.Threads()

  init() async throws {
    var template = Array("/dev/shm/tributary-test-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer {
      unsafe String(cString: mkdtemp($0.baseAddress!))
    }
    var configuration = Store.Configuration(path: path + "/store.db")
    configuration.shelfBytes = 1 << 20
    store = try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Self.threads,
      onFailure: { fatalError("\($0)") })
  }

  deinit { _ = unsafe system("rm -rf \(path)") }

  func commit(_ events: [Event], shift: Int64 = 0, to project: ProjectID) async throws {
    var list = EventList()
    for event in events { try event.append(to: &list) }
    let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
    let label = SealedBatch.Label(
      audience: StoreID(high: 1, low: 2), collector: CollectorID(high: 3, low: 4),
      epoch: Epoch(high: 5, low: 6), project: project, number: 1,
      created: BatchHeader.Created(
        wallMilliseconds: 1, boot: BootID(high: 7, low: 8), monotonicMilliseconds: 9))
    let sealed = SealedBatch.seal(
      body, firstSequence: 1, as: label, key: try Self.key.get(), compressor: ZstdCompressor())
    _ = try await store.commit(
      ArrivedBatch(
        project: project, source: "test", origin: nil, bytes: sealed.bytes,
        columns: try BatchColumns(decoding: body.bytes), received: 1, clockShift: shift))
  }

  private static let key = Result { try SigningKey.generate().key }
}

struct StillClock: Clock {
  var wallMilliseconds: Int64 { 1_800_000_000_000 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}

/// What a store should answer, found by looking at every event for every question.
struct History {
  struct Row {
    var event: Event
    var shift: Int64

    var cts: Int64 {
      guard event.flags.contains(.ctsIsReceipt), shift != 0 else { return event.cts }
      return min(max(event.cts + shift, 0), 281_474_976_710_655)
    }
    var position: EventPosition { EventPosition(cts: cts, id: event.id) }
    var isOperation: Bool { [.identify, .profile, .alias].contains(event.kind) }
  }

  var rows: [EventID: Row] = [:]

  mutating func add(_ events: [Event], shift: Int64) {
    for event in events where rows[event.id] == nil {
      rows[event.id] = Row(event: event, shift: shift)
    }
  }

  /// The rows of a question, oldest first.
  func matching(
    _ range: Range<Instant>, name: String? = nil, profile: String? = nil
  ) -> [Row] {
    rows.values.filter { row in
      !row.isOperation && range.contains(Instant(milliseconds: row.cts))
        && (name == nil || row.event.name == name)
        && (profile == nil || row.event.profile == profile)
    }
    .sorted { $0.position < $1.position }
  }

  func statistics(_ question: EventStatistics) -> EventStatistics.Answer {
    let rows = matching(question.range, name: question.name)
    let day: Int64 = 86_400_000
    func dayOf(_ row: Row) -> Int64 { row.cts - ((row.cts % day) + day) % day }
    let names = Set(rows.map(\.event.name)).sorted { Array($0.utf8).isBefore(Array($1.utf8)) }
    let byName = names.map { name in
      EventStatistics.Answer.OfName(name: name, count: rows.count { $0.event.name == name })
    }
    var byDay: [EventStatistics.Answer.OfDay] = []
    for start in Set(rows.map(dayOf)).sorted() {
      for name in names {
        let count = rows.count { dayOf($0) == start && $0.event.name == name }
        if count > 0 {
          byDay.append(.init(name: name, day: Instant(milliseconds: start), count: count))
        }
      }
    }
    return EventStatistics.Answer(
      total: rows.count,
      byName: byName.enumerated()
        .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
        .map(\.element),
      byDay: byDay)
  }

  func series(_ question: EventSeries, _ starts: [Instant]) -> EventSeries.Answer {
    let rows = matching(question.range, name: question.name)
    return EventSeries.Answer(
      total: rows.count,
      buckets: starts.map { start in
        .init(
          start: start,
          count: rows.count {
            question.bucket.start(of: Instant(milliseconds: $0.cts), in: .utc) == start
          })
      })
  }
}

extension [UInt8] {
  fileprivate func isBefore(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }
}

/// Events that often share a millisecond, a day, a name and a person.
struct RandomEvents {
  var random: RandomGenerator
  var base: Int64
  var spread: Int64
  private var made: UInt64 = 0

  init(seed: UInt64) {
    random = RandomGenerator(SeededRandom(seed: seed))
    base = 1_800_000_000_000
    spread = 10
    base =
      [0, 1_800_000_000_000, 281_474_976_710_655 - 400_000_000].randomElement(using: &random) ?? 0
    spread = [3, 5_000, 400_000_000].randomElement(using: &random) ?? 3
  }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func time() -> Int64 { base + Int64.random(in: 0..<spread, using: &random) }

  mutating func event() -> Event {
    made += 1
    let cts = time()
    let kind = EventKind.allCases[number(0..<5) == 0 ? number(0..<7) : 0]
    // Nobody becomes somebody else: the model goes by the ids that events have.
    let hasDevice = number(0..<2) == 0 && kind != .identify
    return Event(
      id: EventID(
        milliseconds: number(0..<3) == 0 ? time() : cts, chance: (0, UInt64(number(0..<300)))),
      kind: kind,
      flags: number(0..<4) == 0 ? .ctsIsReceipt : [], name: name(), cts: cts, sts: cts,
      profile: number(0..<3) == 0 ? nil : "p\(number(0..<4))",
      device: hasDevice ? "p\(number(0..<4))" : nil,
      props: .object([.init("number", .integer(Int64(made)))]))
  }

  mutating func name() -> String { ["click", "view", "ähnlich", "buy"][number(0..<4)] }

  mutating func range() -> Range<Instant> {
    switch number(0..<6) {
    case 0: return Instant(milliseconds: .min)..<Instant(milliseconds: .max)
    case 1:
      let at = Instant(milliseconds: time())
      return at..<at
    default:
      let ends = [time(), time() + 1].sorted()
      return Instant(milliseconds: ends[0])..<Instant(milliseconds: ends[1])
    }
  }
}
