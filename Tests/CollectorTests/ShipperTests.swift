import Batches
import Crypto
import Events
import Glibc
import JSON
import Platform
import Spool
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Collector

/// Threads live as long as the process: all tests share some.
private enum Shared {
  static let loop: EventLoop = {
    do { return try EventLoop(name: "ship") } catch { fatalError("\(error)") }
  }()
  static let spoolWorker = Worker(name: "spool")
  static let sealWorker = Worker(name: "sealer")
}

/// A spool, a shipper and an aggregator in memory.
private final class World: Sendable {
  let aggregator: StubAggregator
  let scratch: Scratch
  let loop: EventLoop
  let spool: Spool
  let shipper: Shipper
  let board = ShippingBoard()
  let clock: any Clock
  let helloBell = Bell()
  private let task: Task<Void, Never>

  init(
    _ aggregator: StubAggregator, scratch: Scratch? = nil, doors: [String] = ["a"],
    before: (Spool) async throws -> Void = { _ in }
  ) async throws {
    self.aggregator = aggregator
    self.scratch = scratch ?? Scratch()
    loop = Shared.loop
    let clock = QuickClock(loop: loop)
    self.clock = clock
    let random = SystemRandom()
    var settings = SpoolConfiguration(directory: Directory(self.scratch.path).file("spool"))
    settings.ballastBytes = 0
    spool = try await Spool.open(
      settings, worker: Shared.spoolWorker, clock: SystemClock(timers: loop), random: random,
      onFailure: { _ in })
    try await before(spool)
    shipper = Shipper(
      spool: spool,
      sealer: Sealer(
        worker: Shared.sealWorker, identity: aggregator.identity, key: aggregator.key,
        boot: BootID(high: 1, low: 1), clock: clock),
      identity: aggregator.identity, doors: Doors(doors.map { aggregator.door($0) }), loop: loop,
      clock: clock, random: random,
      log: Log(LogOutput(service: "test", level: .error, clock: clock)), board: board,
      helloBell: helloBell)
    let shipper = shipper
    task = Task(executorPreference: loop) { await shipper.run() }
  }

  /// A kill: nothing is closed but the lock, which ends with its process.
  func stop() async {
    await shipper.stop(within: .seconds(1))
    await spool.stop()
  }

  func append(_ events: EventList, to project: ProjectID = Sample.project) async throws {
    try await spool.append(events.bytes, ends: events.ends, project: project)
  }

  /// Waits until the spool is empty, within thirty seconds: the longest pause, a quarter of an hour and
  /// a fifth more, takes eleven of this clock.
  func drained() async throws -> Bool {
    for _ in 0..<3_000 {
      if try await spool.status().backlogEvents == 0 { return true }
      await loop.sleep(for: .milliseconds(10))
    }
    return false
  }

  func wait(until condition: () -> Bool) async -> Bool {
    for _ in 0..<3_000 {
      if condition() { return true }
      await loop.sleep(for: .milliseconds(10))
    }
    return false
  }
}

/// A clock whose sleeps are a hundred times as short as they say, and whose time goes as much
/// faster.
private struct QuickClock: Clock {
  let loop: EventLoop
  private let start = SystemClock.monotonicNanoseconds
  private let wallStart = SystemClock.wallMilliseconds

  init(loop: EventLoop) { self.loop = loop }

  var wallMilliseconds: Int64 { SystemClock.wallMilliseconds }
  var monotonicNanoseconds: UInt64 {
    start &+ (SystemClock.monotonicNanoseconds &- start) &* 100
  }
  func sleep(for duration: Duration) async { await loop.sleep(for: duration / 100) }
}

private func events(_ count: Int) throws -> (EventList, [EventID]) {
  let source = EventIDSource(
    clock: SystemClock(timers: Shared.loop), random: SystemRandom())
  var list = EventList()
  var ids: [EventID] = []
  for number in 0..<count {
    let id = source.next()
    let event = Event(
      id: id, name: "e\(number % 7)", cts: 1_700_000_000_000, sts: 1_700_000_000_000,
      props: .object([JSONMember("n", .integer(Int64(number)))]))
    try event.append(to: &list)
    ids.append(id)
  }
  return (list, ids)
}

@Suite("Shipping") struct ShipperTests {
  @Test("everything that was appended arrives once and leaves the spool")
  func arrives() async throws {
    let world = try await World(try StubAggregator())
    var all: [EventID] = []
    for _ in 0..<5 {
      let (list, ids) = try events(700)
      all += ids
      try await world.append(list)
    }
    #expect(try await world.drained())
    #expect(world.aggregator.counts == Dictionary(uniqueKeysWithValues: all.map { ($0, 1) }))
    let sequences = world.aggregator.taken.map(\.header.sequences).sorted {
      $0.lowerBound < $1.lowerBound
    }
    #expect(sequences.first?.lowerBound == 1 && sequences.last?.upperBound == 3_500)
    for (one, next) in zip(sequences, sequences.dropFirst()) {
      #expect(one.upperBound + 1 == next.lowerBound)
    }
    await world.stop()
  }

  @Test("a batch whose answer was lost is sent again byte by byte, also after a restart")
  func sameBytes() async throws {
    let aggregator = try StubAggregator()
    aggregator.answer { _, _ in .loseAnswer }
    let world = try await World(aggregator)
    let (list, ids) = try events(50)
    try await world.append(list)
    #expect(await world.wait { aggregator.requests.count >= 3 })
    await world.stop()
    let count = aggregator.requests.count
    aggregator.answer { _, _ in .acknowledge }
    let second = try await World(aggregator, scratch: world.scratch)
    #expect(try await second.drained())
    #expect(Set(aggregator.requests).count == 1 && aggregator.requests.count > count)
    #expect(aggregator.counts == Dictionary(uniqueKeysWithValues: ids.map { ($0, 1) }))
    await second.stop()
  }

  @Test(
    "all kinds of refusals delay and lose nothing",
    arguments: [
      StubAggregator.Say.status(500, code: "x"), .status(503, code: "x", retryAfter: "1"),
      .status(429, code: nil), .status(404, code: nil), .status(302, code: nil),
      .status(401, code: "unknown_key"), .status(415, code: "x"), .status(200, code: nil),
      .fail(.unreachable("x")), .fail(.timedOut), .fail(.insecure("x")), .loseAnswer,
      .status(400, code: "malformed"), .status(409, code: "epoch_forked"),
      .status(413, code: "too_large"),
    ])
  func refusals(say: StubAggregator.Say) async throws {
    let aggregator = try StubAggregator()
    aggregator.answer { number, _ in number <= 2 ? say : .acknowledge }
    let world = try await World(aggregator)
    let (list, ids) = try events(120)
    try await world.append(list)
    #expect(
      try await world.drained(),
      "after \(aggregator.requests.count) requests: \(world.board.current)")
    let counts = aggregator.counts
    #expect(ids.allSatisfy { counts[$0] == 1 })
    #expect(world.board.totals.events == ids.count)
    await world.stop()
  }

  @Test("a fork rotates the epoch, and nothing of the old one is sent again")
  func forks() async throws {
    let aggregator = try StubAggregator()
    aggregator.answer { number, _ in
      number == 1 ? .status(409, code: "epoch_forked") : .acknowledge
    }
    let world = try await World(aggregator)
    let (list, _) = try events(30)
    try await world.append(list)
    #expect(try await world.drained())
    #expect(aggregator.requests.count == 2 && aggregator.requests[0] != aggregator.requests[1])
    #expect(aggregator.taken[0].header.number == 1 && world.board.totals.rotations == 1)
    await world.stop()
  }

  @Test("one poisoned event of a thousand is set aside, and its gap is told")
  func poison() async throws {
    let aggregator = try StubAggregator()
    aggregator.answer { _, header in
      guard case .events = header.content else { return .acknowledge }
      return header.sequences.contains(321) ? .status(400, code: "malformed") : .acknowledge
    }
    let world = try await World(aggregator)
    let (list, ids) = try events(1_000)
    try await world.append(list)
    #expect(try await world.drained())
    #expect(await world.wait { aggregator.taken.contains { $0.ids.isEmpty } })
    #expect(aggregator.counts.count == 999 && aggregator.counts[ids[320]] == nil)
    let gap = try #require(aggregator.taken.first { $0.ids.isEmpty })
    #expect(gap.header.sequences == 321...321)
    #expect(try await world.spool.status().quarantinedEvents == 1)
    #expect(aggregator.requests.count <= 26)
    await world.stop()
  }

  @Test("another door is tried where one does not answer")
  func failover() async throws {
    let aggregator = try StubAggregator()
    let world = try await World(aggregator, doors: ["a", "b"])
    let (list, _) = try events(10)
    aggregator.answer { number, _ in number == 1 ? .fail(.unreachable("x")) : .acknowledge }
    try await world.append(list)
    #expect(try await world.drained())
    #expect(aggregator.doors == ["a", "b"])
    await world.stop()
  }

  @Test("a backlog travels in large batches, several at once")
  func backlog() async throws {
    let aggregator = try StubAggregator()
    let (list, ids) = try events(1_000)
    let world = try await World(aggregator) { spool in
      for _ in 0..<30 {
        try await spool.append(list.bytes, ends: list.ends, project: Sample.project)
      }
    }
    #expect(try await world.drained())
    #expect(aggregator.counts.count == ids.count && aggregator.counts[ids[0]] == 30)
    #expect(aggregator.requests.count <= 10)
    await world.stop()
  }

  @Test("stopping takes no network and little time")
  func stops() async throws {
    let aggregator = try StubAggregator()
    aggregator.answer { _, _ in .fail(.unreachable("x")) }
    let world = try await World(aggregator)
    let (list, _) = try events(10)
    try await world.append(list)
    #expect(await world.wait { !aggregator.requests.isEmpty })
    let start = SystemClock.monotonicNanoseconds
    await world.stop()
    #expect(SystemClock.monotonicNanoseconds - start < 2_000_000_000)
  }

  @Test("a project that the aggregator does not take waits by itself, and is tried again")
  func foreignProject() async throws {
    let aggregator = try StubAggregator()
    let isOpen = Atomic(false)
    aggregator.answer { _, header in
      header.project == Sample.project || isOpen.load(ordering: .relaxed)
        ? .acknowledge : .status(403, code: "wrong_project")
    }
    let world = try await World(aggregator)
    let other = try ProjectID("other")
    let (foreign, foreignIDs) = try events(2_000)
    let (list, ids) = try events(500)
    try await world.append(foreign, to: other)
    #expect(await world.wait { !world.board.current.paused.isEmpty })
    #expect(world.board.current.health == .degraded && world.board.current.trouble == nil)
    for _ in 0..<3 { try await world.append(list) }
    #expect(await world.wait { aggregator.counts[ids[0]] == 3 })
    #expect(aggregator.counts[foreignIDs[0]] == nil)
    isOpen.store(true, ordering: .relaxed)
    #expect(try await world.drained())
    #expect(foreignIDs.allSatisfy { aggregator.counts[$0] == 1 })
    #expect(await world.wait { world.board.current.health == .ok })
    await world.stop()
  }

  @Test("a hello that fails is said without any traffic, and no longer once one succeeds")
  func greeting() async throws {
    let aggregator = try StubAggregator()
    let world = try await World(aggregator)
    let host = StubHost(.none, aggregator.identity, aggregator.key)
    let link = ChangingLink(aggregator.door())
    let greeter = Greeter(
      hello: Hello(
        identity: aggregator.identity, key: aggregator.key, clock: world.clock,
        random: SystemRandom(), program: "test"),
      links: [link], spool: world.spool, book: KeyBook(),
      folder: CollectorFolder(world.scratch.path), shipper: world.shipper,
      board: world.board, bell: world.helloBell, loop: world.loop, clock: world.clock,
      random: SystemRandom(),
      log: Log(LogOutput(service: "test", level: .error, clock: world.clock)))
    let running = Task(executorPreference: world.loop) { await greeter.run() }
    #expect(await world.wait { world.board.current.outage != nil })
    #expect(
      world.board.current.healthDetail?.hasPrefix(
        "the aggregator cannot be reached: no such route (since ") == true)
    link.change(to: host)
    #expect(await world.wait { world.board.current.outage == nil })
    #expect(world.board.current.health == .ok)
    await greeter.stop()
    await running.value
    await world.stop()
  }
}

/// A link that leads somewhere else later.
private final class ChangingLink: AggregatorLink {
  let name = "changing"
  private let link: Mutex<any AggregatorLink>

  init(_ link: any AggregatorLink) { self.link = Mutex(link) }

  func change(to other: any AggregatorLink) { link.withLock { $0 = other } }

  func get(_ path: String, timeout: Duration) async -> LinkOutcome {
    let link = link.withLock { $0 }
    return await link.get(path, timeout: timeout)
  }

  func post(
    _ path: String, _ contentType: StaticString, _ body: [UInt8], timeout: Duration
  ) async -> LinkOutcome {
    let link = link.withLock { $0 }
    return await link.post(path, contentType, body, timeout: timeout)
  }

  func reset() {}
}
