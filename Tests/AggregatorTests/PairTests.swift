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
      #expect(challenges.isGood(challenge.nonce))
      #expect(challenges.use(challenge.nonce) == .good)
      #expect(challenges.use(challenge.nonce) == .stale)
    }
    #expect(challenges.usedCount == 50)
  }

  @Test("a nonce that nobody gave out is good for nothing")
  func strange() {
    let challenge = challenges.make(for: store)
    var wrong = [
      [], [UInt8](repeating: 0, count: Challenge.nonceByteCount), Array(challenge.nonce.dropLast()),
      challenge.nonce + [0],
      Challenges(clock: clock, random: SystemRandom()).make(for: store).nonce,
    ]
    for bit in 0..<(8 * Challenge.nonceByteCount) {
      var nonce = challenge.nonce
      nonce[bit / 8] ^= 1 << (bit % 8)
      wrong.append(nonce)
    }
    for nonce in wrong {
      #expect(!challenges.isGood(nonce))
      #expect(challenges.use(nonce) == .stale)
    }
    #expect(challenges.use(challenge.nonce) == .good)
  }

  @Test("a challenge says whose it is and what time the server has")
  func content() {
    clock.advance(milliseconds: 7)
    let challenge = challenges.make(for: store)
    #expect(challenge.store == store)
    #expect(challenge.serverMilliseconds == clock.wallMilliseconds)
  }

  @Test(
    "a nonce lives for two minutes, used or not",
    arguments: [(0, true), (119_999, true), (120_000, false), (240_000, false), (500_000, false)])
  func expiry(milliseconds: Int64, isGood: Bool) {
    let (fresh, used) = (challenges.make(for: store), challenges.make(for: store))
    #expect(challenges.use(used.nonce) == .good)
    clock.advance(milliseconds: milliseconds)
    #expect(challenges.isGood(fresh.nonce) == isGood)
    #expect(challenges.use(fresh.nonce) == (isGood ? .good : .stale))
    #expect(challenges.use(used.nonce) == .stale)
  }

  @Test("a flood of questions makes nobody's nonce worthless, and takes no memory")
  func flood() {
    let mine = challenges.make(for: store)
    for _ in 0..<20_000 { _ = challenges.make(for: store) }
    #expect(challenges.usedCount == 0)
    #expect(challenges.use(mine.nonce) == .good)
  }

  @Test("65,536 used ones are remembered; one more is refused until they have expired")
  func bounded() {
    var used = UsedNonces()
    func mark(_ number: Int) -> NonceMark { NonceMark(made: 1, random: UInt64(number)) }
    for number in 0..<UsedNonces.maximumCount { #expect(used.insert(mark(number), at: 5) == .good) }
    #expect(used.insert(mark(-1 & 0xFFFF_FFFF), at: 5) == .tooMany(limit: 65_536))
    #expect(used.insert(mark(0), at: 5) == .stale)
    #expect(used.insert(mark(7), at: 5 + Challenges.lifetime) == .stale)
    #expect(used.insert(mark(-1 & 0xFFFF_FFFF), at: 5 + 2 * Challenges.lifetime) == .good)
    #expect(used.count == 1)
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
