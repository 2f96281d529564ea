import Platform
import Spool
import Telemetry
import Testing

@testable import Collector

private func batch(_ number: Int64, first: Int64 = 1, count: Int = 100, size: Int = 50_000)
  -> OutgoingBatch
{
  OutgoingBatch(
    key: BatchKey(project: Sample.project, epoch: Epoch(high: 1, low: 2), batch: number),
    firstSequence: first, count: count, size: size)
}

private let second: UInt64 = 1_000_000_000
private let minute = 60 * second

@Suite("Backing off") struct BackoffTests {
  @Test(
    "the wait is chance below a bound that doubles to a minute, later to five", arguments: 0..<20)
  func bounds(seed: Int) {
    let random = SeededRandom(seed: UInt64(seed))
    var backoff = Backoff()
    var longest: Duration = .zero
    for failure in 0..<200 {
      let now = UInt64(failure) * 10 * second
      let wait = backoff.failed(at: now, random)
      let bound: Duration =
        failure < 7
        ? .milliseconds(500 << failure) : now >= 10 * minute ? .seconds(300) : .seconds(60)
      #expect(wait >= .zero && wait <= bound)
      longest = max(longest, wait)
    }
    #expect(longest > .seconds(150))
    backoff.acknowledged()
    #expect(backoff.failed(at: 0, random) <= .milliseconds(500))
  }

  @Test("what a server asks for is waited for, and at most a fifth more")
  func retryAfter() {
    let random = SeededRandom(seed: 1)
    for seconds in [0, 1, 3, 3600] {
      for _ in 0..<100 {
        let wait = Backoff.respecting(.seconds(seconds), random)
        #expect(wait >= .seconds(seconds) && wait <= .seconds(seconds) * 6 / 5)
      }
    }
  }
}

@Suite("The window") struct WindowTests {
  @Test("at most five batches and four mebibytes are under way, and one may always go alone")
  func bounds() {
    var window = SendWindow()
    #expect(window.admits(64 << 20))
    window.sent(64 << 20)
    #expect(!window.admits(1))
    window.finished(64 << 20)
    for _ in 0..<5 {
      #expect(window.admits(500_000))
      window.sent(500_000)
    }
    #expect(!window.hasRoom)
    window.finished(500_000)
    #expect(window.admits(1 << 20) && !window.admits(4 << 20))
  }

  @Test("overload halves it, and each acknowledged window opens it by one")
  func adapts() {
    var window = SendWindow()
    window.overloaded()
    #expect(window.limit == 2)
    window.overloaded()
    window.overloaded()
    #expect(window.limit == 1)
    var acknowledged = 0
    while window.limit < 5 {
      window.acknowledged()
      acknowledged += 1
    }
    #expect(acknowledged == 1 + 2 + 3 + 4)
    for _ in 0..<50 { window.acknowledged() }
    #expect(window.limit == 5)
  }
}

@Suite("The size of batches") struct TargetTests {
  @Test("a backlog travels in large batches, a trickle in small ones")
  func adapts() {
    let target = BatchTarget()
    #expect(target.limit(backlog: 10, at: 0) == BatchTarget.fresh)
    #expect(target.limit(backlog: 1_000_000, at: 0) == BatchTarget.catchingUp)
  }

  @Test("what was too large is halved until it fits, and stays small for an hour")
  func halves() {
    var target = BatchTarget()
    var count = 600
    var steps = 0
    while let half = target.refused(events: count, at: 0) {
      #expect(half == (count + 1) / 2)
      count = half
      steps += 1
    }
    #expect(steps == 10 && target.limit(backlog: 1_000_000, at: 0).events == 1)
    #expect(target.limit(backlog: 0, at: 59 * minute).events == 1)
    #expect(target.limit(backlog: 0, at: 61 * minute).events == 1_000)
  }

  @Test("a refusal of older, larger batches does not make the target larger again")
  func onlyShrinks() {
    var target = BatchTarget()
    _ = target.refused(events: 100, at: 0)
    _ = target.refused(events: 1_000, at: 1)
    #expect(target.limit(backlog: 0, at: 2).events == 50)
  }
}

@Suite("Batches that are called wrong") struct SuspicionTests {
  @Test("of a thousand events one bad one is found, and nothing else is set aside")
  func findsOne() {
    var suspicion = Suspicion()
    var sends = 0
    var queue = [batch(1, first: 1, count: 1_000)]
    var next: Int64 = 2
    var quarantined: [Int64] = []
    while let current = queue.popLast() {
      sends += 1
      let range = current.firstSequence..<(current.firstSequence + Int64(current.count))
      guard range.contains(777) else {
        suspicion.acknowledged(current, at: 0)
        continue
      }
      switch suspicion.refused(current, at: 0) {
      case .sendAgain: queue.append(current)
      case .bisect(let events):
        for start in stride(from: 0, to: current.count, by: events) {
          queue.append(
            batch(
              next, first: current.firstSequence + Int64(start),
              count: min(events, current.count - start)))
          next += 1
        }
      case .quarantine: quarantined.append(current.firstSequence)
      case .stop: Issue.record("stopped")
      }
    }
    #expect(quarantined == [777])
    #expect(sends <= 2 + 2 * 10)
  }

  @Test("where everything is refused, ten events are set aside and then nothing more")
  func breaker() {
    var suspicion = Suspicion()
    var quarantined = 0
    for number in 0..<1_000 {
      let single = batch(Int64(number), first: Int64(number + 1), count: 1)
      var step = suspicion.refused(single, at: UInt64(number) * minute)
      if step == .sendAgain { step = suspicion.refused(single, at: UInt64(number) * minute) }
      if step == .quarantine { quarantined += 1 }
    }
    #expect(quarantined == Suspicion.freeEvents && suspicion.isTripped)
  }

  @Test("one bad event in a hundred good ones does not trip it")
  func rare() {
    var suspicion = Suspicion()
    for number in 0..<500 {
      suspicion.acknowledged(batch(1, count: 200), at: UInt64(number) * second)
      let single = batch(Int64(number), first: Int64(number + 1), count: 1)
      var step = suspicion.refused(single, at: UInt64(number) * second)
      if step == .sendAgain { step = suspicion.refused(single, at: UInt64(number) * second) }
      #expect(step == .quarantine)
    }
    #expect(!suspicion.isTripped)
  }

  @Test("a gap, which has no event, is never set aside")
  func gaps() {
    var suspicion = Suspicion()
    let gap = batch(1, count: 0)
    #expect(suspicion.refused(gap, at: 0) == .sendAgain)
    #expect(suspicion.refused(gap, at: 0) == .stop)
  }
}

@Suite("Shipping decides") struct ShippingPlanTests {
  private func finish(
    _ plan: inout ShippingPlan, _ verdict: ShipmentVerdict, at now: UInt64,
    _ what: OutgoingBatch = batch(1)
  ) -> ShippingPlan.Action {
    plan.sent(what.size)
    return plan.finished(what, verdict, sentAt: now, at: now)
  }

  private let transient = ShipmentVerdict.transient(
    Trouble("x"), retryAfter: nil, isOverload: false)

  @Test("while something is wrong one batch at a time goes, after a pause")
  func probes() {
    var plan = ShippingPlan(random: SeededRandom(seed: 3))
    for _ in 0..<3 { plan.sent(10) }
    #expect(plan.finished(batch(1, size: 10), transient, sentAt: 1, at: 2) == .sendAgain)
    let pause = plan.pausedUntil
    #expect(pause >= 2 && pause <= 2 + second / 2)
    // Those that were sent before it was known are no further failures.
    _ = plan.finished(batch(2, size: 10), transient, sentAt: 1, at: 2)
    #expect(plan.backoff.failures == 1 && plan.pausedUntil == pause)
    #expect(!plan.maySend(10, at: pause))
    _ = plan.finished(batch(3, size: 10), transient, sentAt: 1, at: 2)
    #expect(plan.maySend(10, at: pause))
    plan.sent(10)
    #expect(!plan.maySend(10, at: pause))
    let acknowledgement = Sample.acknowledgement(of: Sample.sent)
    #expect(
      plan.finished(batch(1, size: 10), .acknowledged(acknowledgement), sentAt: pause, at: pause)
        == .acknowledge(acknowledgement))
    #expect(plan.backoff.failures == 0 && plan.trouble == nil)
  }

  @Test(
    "each class of refusal has its pause, and none has a last attempt",
    arguments: [
      (ShipmentVerdict.misconfigured(Trouble("http_302")), 60, 72),
      (.unauthorized(Trouble("unknown_collector")), 60, 72),
      (.transient(Trouble("x"), retryAfter: .seconds(3), isOverload: true), 3, 4),
      (.misconfigured(Trouble("not_found")), 0, 1), (.unversed(Trouble("x")), 0, 1),
      (.forked, 0, 1),
    ])
  func pauses(verdict: ShipmentVerdict, least: UInt64, most: UInt64) {
    var plan = ShippingPlan(random: SeededRandom(seed: 5))
    let action = finish(&plan, verdict, at: 10)
    #expect(action == (verdict == .forked ? .rotateEpoch : .sendAgain))
    #expect(plan.pausedUntil >= 10 + least * second && plan.pausedUntil <= 10 + most * second)
    #expect(plan.hold == nil)
  }

  @Test("a key that is not accepted is tried after a minute, and later every quarter of an hour")
  func unauthorized() {
    var plan = ShippingPlan(random: SeededRandom(seed: 6))
    var now: UInt64 = 1
    for minutes in [1, 2, 4, 8, 15, 15, 15] as [UInt64] {
      _ = finish(&plan, .unauthorized(Trouble("revoked")), at: now)
      #expect(plan.needsHello)
      let pause = plan.pausedUntil - now
      #expect(pause >= minutes * minute && pause <= minutes * minute * 6 / 5)
      now = plan.pausedUntil
    }
  }

  @Test("a retired collector and another store are held until a hello says otherwise")
  func holds() {
    for verdict in [
      ShipmentVerdict.retired(Trouble("retired")), .otherStore(Trouble("other_store")),
    ] {
      var plan = ShippingPlan(random: SeededRandom(seed: 7))
      #expect(finish(&plan, verdict, at: 1) == .sendAgain)
      #expect(!plan.maySend(1, at: .max) && plan.nextTime(after: 0) == nil)
      plan.greeted([])
      #expect(plan.maySend(1, at: second))
    }
  }

  @Test("what is too large is cut, and a small single event is not the one to blame")
  func tooLarge() {
    var plan = ShippingPlan(random: SeededRandom(seed: 8))
    #expect(finish(&plan, .tooLarge, at: 1) == .requeue(events: 50))
    #expect(finish(&plan, .tooLarge, at: 1, batch(2, count: 1, size: 700)) == .sendAgain)
    let single = batch(3, first: 500, count: 1, size: 70_000)
    _ = finish(&plan, .tooLarge, at: 1, single)
    #expect(
      finish(&plan, .tooLarge, at: 2, single)
        == .quarantine(Trouble("too_large", "a single event is called too large")))
  }

  @Test("a project that is refused waits by itself, from a minute to a quarter of an hour")
  func foreignProject() throws {
    var plan = ShippingPlan(random: SeededRandom(seed: 9))
    let refused = ShipmentVerdict.foreignProject(Trouble("wrong_project", "not yours"))
    var now: UInt64 = 1
    for minutes in [1, 2, 4, 8, 15, 15] as [UInt64] {
      #expect(finish(&plan, refused, at: now, batch(1, size: 10)) == .sendAgain)
      // One that was under way meanwhile is no further refusal.
      plan.sent(10)
      _ = plan.finished(batch(2, size: 10), refused, sentAt: now - 1, at: now)
      #expect(plan.pauses.waiting == [Sample.project] && plan.needsHello)
      #expect(plan.backoff.failures == 0 && plan.trouble == nil && plan.maySend(10, at: now))
      let end = try #require(plan.nextTime(after: now))
      #expect(end - now >= minutes * minute && end - now <= minutes * minute * 6 / 5)
      #expect(!plan.resumeProjects(at: end - 1) && plan.resumeProjects(at: end))
      #expect(plan.pauses.waiting.isEmpty && plan.pauses.all.count == 1)
      now = end
    }
    let acknowledgement = Sample.acknowledgement(of: Sample.sent)
    _ = finish(&plan, .acknowledged(acknowledgement), at: now)
    #expect(plan.pauses.all.isEmpty)
  }

  @Test("a hello that names a project anew ends its wait, and one that goes on naming it does not")
  func welcomeProject() {
    var plan = ShippingPlan(random: SeededRandom(seed: 9))
    plan.greeted([Sample.project])
    let refused = ShipmentVerdict.foreignProject(Trouble("wrong_project"))
    _ = finish(&plan, refused, at: 1)
    plan.greeted([Sample.project])
    #expect(plan.pauses.waiting == [Sample.project])
    plan.greeted([])
    #expect(plan.pauses.waiting == [Sample.project])
    plan.greeted([Sample.project])
    #expect(plan.pauses.waiting.isEmpty)
  }
}

@Suite("What the health page says of shipping") struct ShippingHealthTests {
  @Test("nothing wrong is nothing said; else what and since when, in one line")
  func details() throws {
    var state = ShippingBoard.State()
    #expect(state.health == .ok && state.healthDetail == nil)
    state.outage = ShippingBoard.Outage(reason: "no answer", since: 1_777_889_472_345)
    #expect(state.health == .degraded)
    #expect(state.healthDetail == "no answer (since 2026-05-04T10:11:12.345Z)")
    state.trouble = Trouble("timed_out", "no answer in time")
    state.troubleSince = 0
    #expect(state.healthDetail == "timed_out: no answer in time (since 1970-01-01T00:00:00.000Z)")
    state = ShippingBoard.State()
    state.paused = [
      ShippingBoard.PausedProject(
        project: Sample.project, trouble: Trouble("wrong_project"), since: 0)
    ]
    #expect(state.health == .degraded)
    #expect(
      state.healthDetail
        == "nothing of project acme is shipped: wrong_project (since 1970-01-01T00:00:00.000Z)")
  }
}
