import Platform
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("When to seal") struct SealScheduleTests {
  private static let day: Int64 = 86_400_000

  /// A clock that the test moves.
  private final class TestClock: Clock {
    private let milliseconds = Atomic<Int64>(1_800_000_000_000)

    var wallMilliseconds: Int64 { milliseconds.load(ordering: .relaxed) }
    var monotonicNanoseconds: UInt64 { UInt64(wallMilliseconds) * 1_000_000 }
    func sleep(for duration: Duration) async {}
    func advance(by time: Int64) { milliseconds.add(time, ordering: .relaxed) }
  }

  private let clock = TestClock()
  private let schedule: SealSchedule

  init() {
    schedule = SealSchedule(
      SealSchedule.Limits(events: 1_000, age: .milliseconds(Self.day)), clock: clock)
  }

  @Test("age counts from the receipt, which may be before the start")
  func age() {
    let now = clock.wallMilliseconds
    #expect(schedule.begin(hotEvents: 1, oldest: now) == nil)
    #expect(schedule.begin(hotEvents: 1, oldest: now - Self.day + 1) == nil)
    #expect(schedule.begin(hotEvents: 1, oldest: nil) == nil)
    #expect(schedule.begin(hotEvents: 1, oldest: now - Self.day) == .everything)
  }

  @Test("one seal at a time, and after a failure none for a minute")
  func failures() {
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil) == .everything)
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil) == nil)
    schedule.finish(.diskFull)
    clock.advance(by: 59_999)
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil) == nil)
    clock.advance(by: 1)
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil) == .everything)
    schedule.finish(nil)
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil) == .everything)
  }

  @Test("a project with enough of its own is sealed alone, which is no seal of what is old")
  func one() {
    let limits = SealSchedule.Limits(events: 1_000, age: .milliseconds(Self.day), eventsOfOne: 100)
    let schedule = SealSchedule(limits, clock: clock)
    let old = clock.wallMilliseconds - Self.day
    #expect(schedule.begin(hotEvents: 500, oldest: nil, laidOut: 99) == nil)
    #expect(schedule.begin(hotEvents: 500, oldest: nil, laidOut: 100) == .one)
    #expect(schedule.begin(hotEvents: 1_000, oldest: old, laidOut: 100) == nil)
    schedule.finish(nil)
    #expect(schedule.begin(hotEvents: 500, oldest: old, laidOut: 100) == .everything)
    schedule.finish(nil)
    #expect(schedule.begin(hotEvents: 1_000, oldest: nil, laidOut: 100) == .one)
    schedule.finish(.diskFull)
    #expect(schedule.begin(hotEvents: 500, oldest: nil, laidOut: 100) == nil)
    clock.advance(by: 60_000)
    #expect(schedule.begin(hotEvents: 2_000, oldest: nil, laidOut: 100) == .everything)
  }

  @Test("who asks for nothing to be sealed is not surprised")
  func never() {
    let schedule = SealSchedule(nil, clock: clock)
    #expect(schedule.begin(hotEvents: .max, oldest: 0, laidOut: .max) == nil)
  }

  @Test("what stays hot though it is old makes a seal once an hour")
  func unreadable() {
    let old = clock.wallMilliseconds - 2 * Self.day
    #expect(schedule.begin(hotEvents: 1, oldest: old) == .everything)
    schedule.finish(nil)
    clock.advance(by: 3_599_999)
    #expect(schedule.begin(hotEvents: 1, oldest: old) == nil)
    clock.advance(by: 1)
    #expect(schedule.begin(hotEvents: 1, oldest: old) == .everything)
  }

  @Test("an idle store seals what is old, also right after a start")
  func idle() async throws {
    let scratch = Scratch()
    let received = StillClock().wallMilliseconds - Self.day
    let store = try await openStore(scratch.path + "/store.db")
    _ = try await store.commit(try batch([event(1)], received: received + 1))
    try await store.tend()
    #expect(store.hot.eventCount == 1 && store.hot.oldestReceipt == received + 1)
    _ = try await store.commit(try batch([event(2)], project: "other", received: received))
    #expect(store.hot.oldestReceipt == received)
    let restarted = try await openStore(scratch.path + "/store.db")
    while restarted.hot.eventCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
    #expect(restarted.hot.oldestReceipt == nil && restarted.sealed.events == 2)
  }
}
