internal import Crypto
import Synchronization

/// When a credential was last used. Requests note it as they pass; the store writes it down now and
/// then, and what is not written down at a crash is lost.
package final class LastUse: Sendable {
  /// Uses closer than this to the one before are not noted, which keeps the hot path a plain read.
  static let resolutionMilliseconds: Int64 = 60_000

  private let milliseconds: Atomic<Int64>

  init(_ milliseconds: Int64?) { self.milliseconds = Atomic(milliseconds ?? 0) }

  /// Milliseconds since 1970, nil for never.
  package var latest: Int64? {
    let latest = milliseconds.load(ordering: .relaxed)
    return latest == 0 ? nil : latest
  }

  @inline(__always)
  package func note(_ now: Int64) {
    let latest = milliseconds.load(ordering: .relaxed)
    guard now &- latest >= Self.resolutionMilliseconds else { return }
    milliseconds.store(now, ordering: .relaxed)
  }
}

/// Finds what a presented key or client may do, without an allocation: the aggregator's snapshot and
/// the collector's key ring share it.
///
/// A key is found by its public prefix, and then the SHA-256 of the whole is compared in constant
/// time. The hash is made first and always, so the time tells nothing about which prefixes exist.
struct CredentialTable: Sendable {
  /// Longer texts are no keys of ours.
  static let maximumPresentedByteCount = 256

  private struct Entry: Sendable {
    let digest: Digest
    let grant: Grant
    let use: LastUse
  }

  private struct ClientEntry: Sendable {
    let secret: Digest?
    let alone: Grant
    let withSecret: Grant
    let origins: [String]
    let use: LastUse
  }

  private var keys: [Prefix: Entry] = [:]
  /// By the SHA-256 of the id, which needs no text to look up.
  private var clients: [Digest: ClientEntry] = [:]

  var count: Int { keys.count + clients.count }

  // MARK: Filling

  mutating func addKey(prefix: String, digest: Digest, _ grant: Grant, _ use: LastUse) {
    let bytes = Array(prefix.utf8)
    guard let prefix = Prefix(bytes.span, count: bytes.count) else { return }
    keys[prefix] = Entry(digest: digest, grant: grant, use: use)
  }

  mutating func addClient(
    id: String, secret: Digest?, alone: Grant, withSecret: Grant, origins: [String], _ use: LastUse
  ) {
    clients[sha256(id)] = ClientEntry(
      secret: secret, alone: alone, withSecret: withSecret, origins: origins, use: use)
  }

  // MARK: Asking

  /// What a key may do; nil where it is none of ours.
  func grant(forKey presented: Span<UInt8>, at now: Int64) -> Grant? {
    guard presented.count <= Self.maximumPresentedByteCount else { return nil }
    let digest = sha256(presented)
    var end = presented.count - 1
    while end >= 0, presented[end] != UInt8(ascii: "_") { end -= 1 }
    guard let prefix = Prefix(presented, count: end), let entry = keys[prefix],
      entry.digest.isEqual(inConstantTimeTo: digest)
    else { return nil }
    entry.use.note(now)
    return entry.grant
  }

  /// What a client may do: more with its secret, nothing at all with a wrong one.
  func grant(
    forClient id: Span<UInt8>, secret: Span<UInt8>?, at now: Int64
  ) -> Grant? {
    guard id.count <= Self.maximumPresentedByteCount else { return nil }
    let entry = clients[sha256(id)]
    guard let secret else {
      entry?.use.note(now)
      return entry?.alone
    }
    guard secret.count <= Self.maximumPresentedByteCount else { return nil }
    let digest = sha256(secret)
    guard let entry, let kept = entry.secret, kept.isEqual(inConstantTimeTo: digest) else {
      return nil
    }
    entry.use.note(now)
    return entry.withSecret
  }

  /// The origins whose pages may use this client, empty for all; nil for an unknown client.
  func origins(ofClient id: Span<UInt8>) -> [String]? {
    guard id.count <= Self.maximumPresentedByteCount else { return nil }
    return clients[sha256(id)]?.origins
  }
}

/// Up to 16 bytes as two words, so that a piece of a request can be looked up where it lies.
private struct Prefix: Hashable {
  private var high: UInt64 = 0
  private var low: UInt64 = 0

  init?(_ bytes: Span<UInt8>, count: Int) {
    guard count > 0, count <= 16, count <= bytes.count else { return nil }
    for index in 0..<count {
      high = high << 8 | low >> 56
      low = low << 8 | UInt64(bytes[index])
    }
  }
}
