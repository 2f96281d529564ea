import Batches
import Platform
import Testing

@testable import Aggregator

@Suite("Challenges") struct ChallengeTests {
  private let clock = ManualClock()
  private let challenges: Challenges
  private let store = StoreID(high: 1, low: 2)

  init() { challenges = Challenges(clock: clock, random: SystemRandom()) }

  @Test("a nonce is good once, whatever order they come back in")
  func once() {
    let given = (0..<50).map { _ in challenges.make(for: store) }
    #expect(Set(given.map(\.nonce)).count == given.count)
    for challenge in given.shuffled() {
      #expect(challenges.redeem(challenge.nonce))
      #expect(!challenges.redeem(challenge.nonce))
    }
  }

  @Test("a nonce that nobody gave out is good for nothing")
  func strange() {
    let challenge = challenges.make(for: store)
    #expect(!challenges.redeem([]))
    #expect(!challenges.redeem(Array(repeating: 0, count: Challenge.nonceByteCount)))
    #expect(!challenges.redeem(Array(challenge.nonce.dropLast())))
    #expect(challenges.redeem(challenge.nonce))
  }

  @Test("a challenge says whose it is and what time the server has")
  func content() {
    clock.advance(milliseconds: 7)
    let challenge = challenges.make(for: store)
    #expect(challenge.store == store)
    #expect(challenge.serverMilliseconds == clock.wallMilliseconds)
  }

  @Test(
    "a nonce lives for two minutes",
    arguments: [(0, true), (119_999, true), (120_000, false), (500_000, false)])
  func expiry(milliseconds: Int64, isGood: Bool) {
    let challenge = challenges.make(for: store)
    clock.advance(milliseconds: milliseconds)
    #expect(challenges.redeem(challenge.nonce) == isGood)
  }

  @Test("4,096 wait at most: one more makes the oldest worthless")
  func bounded() {
    let given = (0..<4_100).map { _ in
      clock.advance(milliseconds: 1)
      return challenges.make(for: store)
    }
    let good = given.map { challenges.redeem($0.nonce) }
    #expect(good == given.indices.map { $0 >= 4 })
  }
}

@Suite("Clocks of collectors") struct CollectorClockTests {
  private let clocks = CollectorClocks()
  private let collector = CollectorID(high: 1, low: 1)
  private let boot = BootID(high: 2, low: 2)
  private static let server: Int64 = 1_800_000_000_000

  private func note(_ wall: Int64, server: Int64 = server) {
    clocks.note(
      collector,
      BatchHeader.Created(wallMilliseconds: wall, boot: boot, monotonicMilliseconds: 3),
      serverMilliseconds: server)
  }

  @Test(
    "an error within five minutes is left alone, a larger one is put right whole",
    arguments: [
      (0, 0), (300_000, 0), (-300_000, 0), (300_001, 300_001), (-300_001, -300_001),
      (86_400_000, 86_400_000),
    ] as [(Int64, Int64)])
  func tolerance(error: Int64, shift: Int64) {
    note(Self.server - error)
    #expect(clocks.shift(collector, boot) == shift)
  }

  @Test("what was measured holds for that boot of that collector alone")
  func others() {
    note(0)
    #expect(clocks.shift(collector, boot) == Self.server)
    #expect(clocks.shift(collector, BootID(high: 2, low: 3)) == 0)
    #expect(clocks.shift(CollectorID(high: 1, low: 2), boot) == 0)
  }

  @Test("the last hello counts")
  func last() {
    note(0)
    note(Self.server)
    #expect(clocks.shift(collector, boot) == 0)
  }

  @Test("a clock at the end of all numbers is no measure, and traps nothing")
  func overflow() {
    note(.min)
    #expect(clocks.shift(collector, boot) == 0)
    note(.max, server: -2)
    #expect(clocks.shift(collector, boot) == 0)
    note(.max)
    #expect(clocks.shift(collector, boot) == Self.server - .max)
    note(0, server: .min)
    #expect(clocks.shift(collector, boot) == .min)
  }
}
