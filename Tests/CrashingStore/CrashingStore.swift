import Batches
import Compression
import Crypto
import Events
import Glibc
import JSON
import Platform
import Store
import Synchronization

// crashing-store FOLDER PHASE POINT MICROSECONDS
//
// Fills, seals, merges and empties the store in FOLDER until it kills itself: so many microseconds after
// the POINT-th step of PHASE (`seal`, `merge` or `retention`). FOLDER/journal says before each commit what
// is sent, and after it that all of that was acknowledged:
//
//   b               a life begins: what was sent before and not acknowledged is nobody's any more
//   s PROJECT HEX   an event's record is about to be committed
//   a               every event that this life has sent is acknowledged
//   w MILLISECONDS  projects are about to keep what is of then or later
//   d               nothing older is left

@main struct CrashingStore {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let point = Int(arguments[3]), let pause = UInt32(arguments[4])
    else { exit(64) }
    let journal = try Journal(arguments[1] + "/journal")
    let end = End(phase: arguments[2], point: point, pause: pause)
    var configuration = Store.Configuration(path: arguments[1] + "/store.db")
    configuration.mergeGrace = .zero
    configuration.mergeBytesPerSecond = 0
    configuration.reached = { end.reached($0) }
    let store = try await Store.open(
      configuration, clock: StandingClock(), random: SystemRandom(),
      onFailure: { _ in exit(70) })
    var life = try Life(store: store, journal: journal, number: journal.sent)
    while true { try await life.round(expires: arguments[2] == "retention") }
  }
}

/// Ends the process as a power switch would.
private final class End: Sendable {
  private struct State {
    var left: Int
    var hasRaised = false
  }

  private let phase: String
  private let pause: UInt32
  private let state: Mutex<State>

  init(phase: String, point: Int, pause: UInt32) {
    self.phase = phase
    self.pause = pause
    state = Mutex(State(left: point))
  }

  func reached(_ step: StoreStep) {
    let isDue = state.withLock { state in
      if step == .watermarkRaised { state.hasRaised = true }
      guard counts(step, state.hasRaised) else { return false }
      state.left -= 1
      return state.left == 0
    }
    guard isDue else { return }
    if pause == 0 { Self.die() }
    // On a thread that nobody waits for: the store goes on meanwhile.
    Task.detached { [pause] in
      usleep(pause)
      Self.die()
    }
  }

  private func counts(_ step: StoreStep, _ hasRaised: Bool) -> Bool {
    switch phase {
    case "seal": step.rawValue.hasPrefix("seal")
    case "merge": step.rawValue.hasPrefix("merge") || step.rawValue.hasPrefix("unlink")
    default: hasRaised
    }
  }

  private static func die() { kill(getpid(), SIGKILL) }
}

private struct StandingClock: Clock {
  var wallMilliseconds: Int64 { Life.now }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}

/// What was said to be done, for whoever looks at the store afterwards.
private final class Journal {
  private let file: File
  private var end: Int
  /// How many events earlier lives have sent.
  let sent: UInt64
  /// The last time of which anything older was to go.
  let watermark: Int64?

  init(_ path: String) throws {
    file = try File(path, for: .writing)
    end = try file.size
    let text = String(decoding: try file.read(end, at: 0), as: UTF8.self)
    let lines = text.split(separator: "\n")
    sent = UInt64(lines.count { $0.hasPrefix("s") })
    watermark = lines.last { $0.hasPrefix("w") }.flatMap { Int64($0.dropFirst(2)) }
    try write("b")
  }

  func write(_ text: String) throws {
    let bytes = Array((text + "\n").utf8)
    try file.write(bytes.span, at: end)
    end += bytes.count
  }
}

/// One life of the store.
private struct Life {
  static let now: Int64 = 1_800_000_000_000
  private static let day: Int64 = 86_400_000

  let store: Store
  let journal: Journal
  var number: UInt64
  private let key: SigningKey
  private var watermark: Int64

  init(store: Store, journal: Journal, number: UInt64) throws {
    self.store = store
    self.journal = journal
    self.number = number
    key = try SigningKey.generate().key
    watermark = journal.watermark ?? Self.now - 70 * Self.day
  }

  /// Eight packs, the merges that are due, and in some lives what is too old.
  mutating func round(expires: Bool) async throws {
    for _ in 0..<8 {
      try await commit(60, to: "acme")
      try await commit(12, to: "beta")
      try await store.seal()
    }
    while try await store.merge() {}
    try await store.unlinkRetired()
    guard expires else { return }
    watermark += 4 * Self.day
    try journal.write("w \(watermark)")
    try await store.tend(keepingSince: [
      try ProjectID("acme"): watermark, try ProjectID("beta"): watermark,
    ])
    try journal.write("d")
  }

  private mutating func commit(_ count: UInt64, to project: String) async throws {
    var list = EventList()
    var lines: [String] = []
    for number in number..<number + count {
      try event(number).append(to: &list)
      let record = list.bytes[list.range(at: list.count - 1)]
      lines.append("s \(project) \(hex(record))")
    }
    number += count
    try journal.write(lines.joined(separator: "\n"))
    _ = try await store.commit(try batch(list, try ProjectID(project)))
    try journal.write("a")
  }

  /// Events of two months, of people and of nobody, under ids of their times.
  private func event(_ number: UInt64) -> Event {
    let cts = Self.now - Int64(number % 60) * Self.day
    return Event(
      id: EventID(milliseconds: cts, chance: (0, number)), name: "name \(number % 5)", cts: cts,
      sts: cts + 5, profile: number % 3 == 0 ? "p\(number % 17)" : nil,
      device: number % 2 == 0 ? "d\(number % 5)" : nil,
      props: .object([.init("says", .string("\(number % 100)"))]),
      ctx: .object([.init("ctx", .string("\(number % 7)"))]))
  }

  private func hex(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func batch(_ events: EventList, _ project: ProjectID) throws -> ArrivedBatch {
    let body = try BatchBody.encode(records: events.bytes, ends: events.ends)
    let label = SealedBatch.Label(
      audience: StoreID(high: 1, low: 2), collector: CollectorID(high: 3, low: 4),
      epoch: Epoch(high: 0, low: 0), project: project, number: 1,
      created: BatchHeader.Created(
        wallMilliseconds: Self.now, boot: BootID(high: 7, low: 8), monotonicMilliseconds: 9))
    let sealed = SealedBatch.seal(
      body, firstSequence: 1, as: label, key: key, compressor: ZstdCompressor())
    return ArrivedBatch(
      project: project, source: "direct", origin: nil, bytes: sealed.bytes,
      columns: try BatchColumns(
        decoding: body.bytes,
        limits: BatchLimits(rows: 65_535, compressedBytes: 64 << 20, plainBytes: 64 << 20)),
      rejected: [], received: Self.now, clockShift: 0)
  }
}
