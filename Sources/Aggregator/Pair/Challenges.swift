import Batches
import Crypto
import Platform
import Synchronization

/// Nonces with which collectors show that they speak now: each is good once, for a short while.
///
/// Whoever asks is given one, and nothing is kept of it, so no number of questions makes anybody's
/// nonce worthless: a nonce itself carries when it was made, and a sum under a secret of this process.
/// Only those that were used are remembered, until they would have expired.
///
///     bytes  0–7   when it was made, in nanoseconds of this machine's monotonic clock, little-endian
///            8–15  random
///           16–31  the first half of HMAC-SHA256 over the bytes before
final class Challenges: Sendable {
  enum Use: Equatable {
    case good
    /// Used already, too old, or not of our making.
    case stale
    case tooMany(limit: Int)
  }

  private let used = Mutex(UsedNonces())
  private let secret: HMACKey
  private let clock: any Clock
  private let random: any RandomSource

  /// How long a collector may take to answer.
  static let lifetime: UInt64 = 120_000_000_000

  /// The secret has to be one that nobody can guess, so it comes from the kernel.
  init(clock: any Clock, random: any RandomSource) {
    self.clock = clock
    self.random = random
    secret = HMACKey(randomBytes(32).span)
  }

  func make(for store: StoreID) -> Challenge {
    var nonce: [UInt8] = []
    nonce.reserveCapacity(Challenge.nonceByteCount)
    for word in [clock.monotonicNanoseconds, random.next()] {
      for shift in 0..<8 { nonce.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
    }
    let sum = secret.authenticate(nonce.span).bytes
    nonce += sum.prefix(Challenge.nonceByteCount - nonce.count)
    return Challenge(nonce: nonce, store: store, serverMilliseconds: clock.wallMilliseconds)
  }

  /// True for a nonce of our making within its lifetime, used or not.
  func isGood(_ nonce: [UInt8]) -> Bool { mark(of: nonce) != nil }

  /// Uses a nonce up. To be asked only once it is known that somebody may use one: this is what
  /// takes memory.
  func use(_ nonce: [UInt8]) -> Use {
    guard let mark = mark(of: nonce) else { return .stale }
    return used.withLock { $0.insert(mark, at: clock.monotonicNanoseconds) }
  }

  var usedCount: Int {
    used.withLock { used in
      used.forget(at: clock.monotonicNanoseconds)
      return used.count
    }
  }

  /// What tells a good nonce from all others.
  private func mark(of nonce: [UInt8]) -> NonceMark? {
    guard nonce.count == Challenge.nonceByteCount else { return nil }
    let said = Array(nonce[..<16])
    let shown = Array(nonce[16...])
    let sum = Array(secret.authenticate(said.span).bytes[..<shown.count])
    guard constantTimeEqual(sum.span, shown.span) else { return nil }
    let mark = NonceMark(made: Self.word(said[..<8]), random: Self.word(said[8...]))
    let (age, isOfTheFuture) = clock.monotonicNanoseconds.subtractingReportingOverflow(mark.made)
    return !isOfTheFuture && age < Self.lifetime ? mark : nil
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A nonce that was found to be ours, in the words that differ between two.
struct NonceMark: Hashable {
  let made: UInt64
  let random: UInt64
}

/// The nonces that were used, in two halves: those of this lifetime and those of the one before, so
/// that forgetting costs nothing.
struct UsedNonces {
  private var recent: Set<NonceMark> = []
  private var former: Set<NonceMark> = []
  private var turned: UInt64 = 0

  /// A fleet of 20,000 that says hello every five minutes uses a quarter of it.
  static let maximumCount = 65_536

  var count: Int { recent.count + former.count }

  mutating func insert(_ mark: NonceMark, at now: UInt64) -> Challenges.Use {
    forget(at: now)
    if recent.contains(mark) || former.contains(mark) { return .stale }
    guard count < Self.maximumCount else { return .tooMany(limit: Self.maximumCount) }
    recent.insert(mark)
    return .good
  }

  /// Forgets what has expired in any case.
  mutating func forget(at now: UInt64) {
    let age = now &- turned
    guard age >= Challenges.lifetime else { return }
    former = age < 2 * Challenges.lifetime ? recent : []
    recent = []
    turned = now
  }
}
