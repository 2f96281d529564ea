package import Crypto
package import Events
private import Platform

// The header of a batch, 256 bytes, integers little-endian:
//
//    0  magic "TRIB"
//    4  version u16 = 1
//    6  kind u8: 1 events, 2 gap
//    7  codec u8: 0 no body, 1 zstd
//    8  audience, 16 bytes: the store that the batch is for
//   24  collector, 16 bytes
//   40  key, 16 bytes: which of the collector's keys signed
//   56  epoch, 16 bytes
//   72  boot, 16 bytes
//   88  batch number u64, below 2^63 as all of them
//   96  first sequence u64
//  104  last sequence u64
//  112  events u32
//  116  body u32: bytes as they travel
//  120  plain u32: bytes after decompression
//  124  gap reason u8: 0 for events
//  125  gap flags u8: bit 0 = more may be lost than the range says
//  126  zero u16
//  128  created i64: wall clock, ms since 1970
//  136  created u64: monotonic clock of that boot, ms
//  144  SHA-256 of the body as it travels, 32 bytes
//  176  project: length u8, 1 to 64
//  177  project: text, zeros behind it up to 64 bytes
//  241  zeros, 15 bytes
//
// Behind it stand the signature, 64 bytes, and the body. The signature is Ed25519 over
// "tributary-batch-v1", a zero byte, and the header. Every field has one spelling, so the header that
// decodes encodes to the same bytes.

/// What a batch is, before its body is looked at.
package struct BatchHeader: Equatable, Sendable {
  package static let byteCount = 256
  package static let version: UInt16 = 1
  static let magic: [UInt8] = Array("TRIB".utf8)

  package var content: Content
  package var audience: StoreID
  package var collector: CollectorID
  package var key: KeyID
  package var epoch: Epoch
  package var project: ProjectID
  package var number: UInt64
  /// The events' places in the epoch, both ends included.
  package var sequences: ClosedRange<UInt64>
  package var created: Created

  package enum Content: Equatable, Sendable {
    case events(Body)
    case gap(Gap)
  }

  /// The columns as they travel.
  package struct Body: Equatable, Sendable {
    package var events: Int
    package var compressedBytes: Int
    package var plainBytes: Int
    package var digest: Digest
  }

  /// Sequences whose events will never come.
  package struct Gap: Equatable, Sendable {
    package enum Reason: UInt8, Sendable, CaseIterable {
      /// The spool was full, and configured to drop its oldest.
      case dropped = 1
      /// The spool's file was damaged.
      case damaged = 2
      /// The aggregator could not decode them; they are in the collector's quarantine.
      case quarantined = 3
    }
    package var reason: Reason
    /// The end of the spool was cut off: there may have been more.
    package var isOpenEnded: Bool
    package init(_ reason: Reason, isOpenEnded: Bool = false) {
      self.reason = reason
      self.isOpenEnded = isOpenEnded
    }
  }

  /// When the batch was sealed, by both clocks (RELIABILITY B9).
  package struct Created: Equatable, Sendable {
    package var wallMilliseconds: Int64
    package var boot: BootID
    package var monotonicMilliseconds: UInt64
    package init(wallMilliseconds: Int64, boot: BootID, monotonicMilliseconds: UInt64) {
      self.wallMilliseconds = wallMilliseconds
      self.boot = boot
      self.monotonicMilliseconds = monotonicMilliseconds
    }
  }

  package var id: BatchID { BatchID(epoch: epoch, project: project, number: number) }

  /// The bytes behind the signature.
  package var bodyBytes: Int {
    switch content {
    case .events(let body): body.compressedBytes
    case .gap: 0
    }
  }
}

/// Which batch, for as long as its collector lives.
package struct BatchID: Hashable, Sendable, CustomStringConvertible {
  package var epoch: Epoch
  package var project: ProjectID
  package var number: UInt64

  package init(epoch: Epoch, project: ProjectID, number: UInt64) {
    self.epoch = epoch
    self.project = project
    self.number = number
  }

  package var description: String { "\(epoch)/\(project)/\(number)" }
}
