import Batches
import Platform
import Spool
import Synchronization
import Telemetry
import Tenancy

/// Says hello: at the start, every few minutes, and whenever shipping wants to know what has
/// changed. What it learns is kept in a file, so that a start needs no network.
actor Greeter {
  private let hello: Hello
  private let links: [any AggregatorLink]
  private let spool: Spool
  private let book: KeyBook
  private let folder: CollectorFolder
  private let shipper: Shipper
  private let board: ShippingBoard
  private let bell: Bell
  private let loop: EventLoop
  private let clock: any Clock
  private let random: any RandomSource
  private let log: Log
  private var isStopping = false
  private var lastProblem: String?
  /// When the first hello of those that failed in a row did, on the wall clock.
  private var failingSince: Int64?
  /// When the aggregator last answered, on the monotonic clock.
  private var lastAnswer: UInt64 = 0

  init(
    hello: Hello, links: [any AggregatorLink], spool: Spool, book: KeyBook,
    folder: CollectorFolder, shipper: Shipper, board: ShippingBoard, bell: Bell, loop: EventLoop,
    clock: any Clock,
    random: any RandomSource, log: Log
  ) {
    self.hello = hello
    self.links = links
    self.spool = spool
    self.book = book
    self.folder = folder
    self.shipper = shipper
    self.board = board
    self.bell = bell
    self.loop = loop
    self.clock = clock
    self.random = random
    self.log = log
  }

  func run() async {
    var failures = 0
    while !isStopping {
      let wait: Duration
      do throws(JoiningProblem) {
        wait = try await greet()
        failures = 0
        note(nil)
      } catch {
        note(error)
        let bound = min(.seconds(2) * (1 << min(failures, 8)), Duration.seconds(300))
        wait = bound / 2 + Backoff.chance(upTo: bound / 2, random)
        failures += 1
      }
      await sleep(wait)
    }
  }

  func stop() {
    isStopping = true
    bell.ring()
  }

  /// One hello, over the first door that answers; the answer is when to come back.
  private func greet() async throws(JoiningProblem) -> Duration {
    let positions: [SpoolPosition]
    do { positions = try await spool.positions() } catch { throw .storage("\(error)") }
    var problem = JoiningProblem.link("there is no door")
    for link in links {
      do throws(JoiningProblem) {
        let (reply, bytes) = try await hello.say(over: link, positions: positions)
        try await take(reply, bytes, positions)
        return .seconds(min(max(reply.refreshSeconds, 10), 3_600))
      } catch { problem = error }
    }
    throw problem
  }

  private func take(
    _ reply: HelloReply, _ bytes: [UInt8], _ positions: [SpoolPosition]
  ) async throws(JoiningProblem) {
    lastAnswer = clock.monotonicNanoseconds
    switch Hello.history(reply, shipper.life.incarnation, positions) {
    case .unbroken: break
    case .outlived(let trouble):
      await shipper.estranged(trouble)
      throw .unbelievable(trouble.detail)
    case .setBack: try await rewind(reply)
    }
    let ring = KeyRing(reply)
    book.replace(ring)
    do throws(SystemError) {
      try folder.directory.replace(CollectorFolder.hello, with: bytes.span)
    } catch {
      // The disk may be full: the old file stays, and what was learnt holds until the next start.
      log.warning("the hello could not be kept", ["error": .error(error)])
    }
    if Hello.isFrozen(reply, positions) { await shipper.epochWasFrozen() }
    await shipper.greeted(reply.limits, reply.projects.map(\.id))
  }

  /// The store was set back: what it lacks and is still here goes again.
  private func rewind(_ reply: HelloReply) async throws(JoiningProblem) {
    let batches: [SpoolBatch]
    do throws(SpoolError) {
      // First what is to be sent, then that it is to be: a crash in between does it once more.
      batches = try await spool.rewind(Hello.marks(reply))
    } catch { throw .storage("\(error)") }
    if reply.incarnation != shipper.life.incarnation {
      var identity = hello.identity
      identity.incarnation = reply.incarnation
      do throws(SystemError) { try folder.write(identity) } catch { throw .storage("\(error)") }
      shipper.life.begin(reply.incarnation)
    }
    log.warning(
      "the aggregator was set back: what it lacks and is still here is sent again",
      [
        "batches": .integer(batches.count),
        "events": .integer(batches.reduce(0) { $0 + $1.count }),
      ])
    await shipper.rewound(batches)
  }

  /// Sleeps until it is time, or until the bell rings; not more often than once a second.
  private func sleep(_ wait: Duration) async {
    let clock = clock
    let bell = bell
    let alarm = Task(executorPreference: loop) {
      await clock.sleep(for: wait)
      if !Task.isCancelled { bell.ring() }
    }
    await bell.wait()
    alarm.cancel()
    if !isStopping { await clock.sleep(for: .seconds(1)) }
  }

  private func note(_ problem: JoiningProblem?) {
    let sentence = problem?.sentence
    failingSince = problem == nil ? nil : failingSince ?? clock.wallMilliseconds
    if let sentence, let failingSince {
      board.publish(ShippingBoard.Outage(reason: sentence, since: failingSince))
    } else {
      board.publish(nil as ShippingBoard.Outage?)
    }
    guard sentence != lastProblem else { return }
    lastProblem = sentence
    if let sentence {
      log.warning("the aggregator did not answer our hello", ["reason": .text(sentence)])
    } else {
      log.info("the aggregator answers")
    }
  }
}
