import Batches
import Compression
import Dialects
package import Events
package import Platform
import Synchronization

/// Measures an aggregator's intake: batches are sealed beforehand, and then sent over TLS by a few
/// connections, each waiting for its acknowledgement before the next.
package struct BatchBench: Sendable {
  package struct Figures: Sendable {
    package let events: Int
    package let batches: Int
    package let wireBytes: Int
    package let duplicates: Int
    package let seconds: Double

    package var eventsPerSecond: Double { Double(events) / seconds }
  }

  package enum Problem: Error {
    case noEvents(String)
  }

  package var events: Int
  package var eventsPerBatch: Int
  package var connections: Int

  package init(events: Int, eventsPerBatch: Int, connections: Int) {
    self.events = events
    self.eventsPerBatch = eventsPerBatch
    self.connections = connections
  }

  /// Joins with the token, and sends events like those of `sample` (NDJSON, a line an event), each
  /// under an id of its own.
  package func run(
    _ address: Address, host: String, token: String, project: ProjectID, sample: [UInt8],
    loops: [EventLoop]
  ) async throws -> Figures {
    let clock = SystemClock(timers: loops[0])
    let net = SystemNet(loops: loops, resolver: Worker(name: "resolver"))
    let guest = try await PairGuest.join(address, host: host, token: token, net: net, clock: clock)
    let records = try Self.records(sample, project, clock)
    let batches = try seal(records, project, for: guest, clock)
    return try await send(batches, by: guest, host, clock)
  }

  /// The sample's events as records.
  private static func records(
    _ sample: [UInt8], _ project: ProjectID, _ clock: any Clock
  ) throws -> EventList {
    var reader = DialectReader(ids: EventIDSource(clock: clock, random: SystemRandom()))
    var events = EventList()
    var rejections: [Rejection] = []
    let context = RequestContext(
      reception: Reception(project: project, milliseconds: clock.wallMilliseconds),
      maximumEvents: .max, isNDJSON: true)
    _ = try reader.read(sample.span, on: .events, context, into: &events, &rejections)
    guard !events.isEmpty else {
      throw Problem.noEvents(rejections.first?.reason ?? "the sample is empty")
    }
    return events
  }

  private func seal(
    _ records: EventList, _ project: ProjectID, for guest: PairGuest, _ clock: any Clock
  ) throws -> [SealedBatch] {
    let random = SystemRandom()
    let epoch = Epoch.random(from: random)
    let boot = BootID.random(from: random)
    let ids = EventIDSource(clock: clock, random: random)
    let compressor = ZstdCompressor()
    var encoder = BatchEncoder()
    var batches: [SealedBatch] = []
    var sequence: UInt64 = 1
    var row = 0
    while Int(sequence) <= events {
      let count = min(eventsPerBatch, events - Int(sequence) + 1)
      var bytes: [UInt8] = []
      var ends: [Int] = []
      for _ in 0..<count {
        let start = bytes.count
        bytes += records.bytes[records.range(at: row)]
        EventRecord.replaceID(ids.next(), in: &bytes, at: start)
        ends.append(bytes.count)
        row = (row + 1) % records.count
      }
      let body = try encoder.encode(records: bytes.span, ends: ends.span)
      let label = SealedBatch.Label(
        audience: guest.store, collector: guest.collector, epoch: epoch, project: project,
        number: UInt64(batches.count + 1),
        created: BatchHeader.Created(
          wallMilliseconds: clock.wallMilliseconds, boot: boot,
          monotonicMilliseconds: clock.monotonicNanoseconds / 1_000_000))
      batches.append(
        SealedBatch.seal(
          body, firstSequence: sequence, as: label, key: guest.key, compressor: compressor))
      sequence += UInt64(count)
    }
    return batches
  }

  private func send(
    _ batches: [SealedBatch], by guest: PairGuest, _ host: String, _ clock: any Clock
  ) async throws -> Figures {
    let turn = Turn()
    let start = clock.monotonicNanoseconds
    let duplicates = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<connections {
        group.addTask {
          var duplicates = 0
          while let index = turn.next(below: batches.count) {
            duplicates += try await guest.send(batches[index], host: host).duplicates
          }
          return duplicates
        }
      }
      return try await group.reduce(0, +)
    }
    let seconds = Double(clock.monotonicNanoseconds - start) / 1e9
    return Figures(
      events: events, batches: batches.count,
      wireBytes: batches.reduce(0) { $0 + $1.bytes.count },
      duplicates: duplicates, seconds: seconds)
  }
}

/// Deals out numbers to several tasks.
private final class Turn: Sendable {
  private let taken = Atomic<Int>(0)

  func next(below limit: Int) -> Int? {
    let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < limit ? index : nil
  }
}
