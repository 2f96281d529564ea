import Platform

/// When this program ended because a write or an `fsync` had failed (RELIABILITY S6), and what follows
/// from that: a value that decides and does nothing.
///
/// In its file a record is a slot of 512 bytes, integers little-endian:
///
///   magic   u64      "TRBFENDS"
///   serial  u64      grows by one with every record
///   times   8 × i64  the last ends, milliseconds, oldest first, 0 where there are fewer
///   check   u32      CRC-32C of everything above
///   zeros   to 512
struct FailedEnds: Equatable, Sendable {
  static let slotSize = 512
  private static let magic: UInt64 = 0x5344_4E45_4642_5254
  private static let kept = 8

  /// After so many ends within the window intake stays shut.
  static let most = 3
  static let windowMilliseconds: Int64 = 600_000

  var serial: UInt64 = 0
  private(set) var times: [Int64] = []

  init() {}

  mutating func note(_ milliseconds: Int64) {
    times.append(milliseconds)
    times.removeFirst(max(0, times.count - Self.kept))
  }

  /// The ends that count at this time. One of the future was written before the clock was set back: it
  /// counts as if it were now, so that no clock keeps intake shut for longer than the window.
  private func recent(at now: Int64) -> [Int64] {
    times.map { min($0, now) }.filter { now - $0 < Self.windowMilliseconds }.sorted()
  }

  func count(at now: Int64) -> Int { recent(at: now).count }

  /// How long intake stays shut for a program that starts now: until fewer than three ends lie within
  /// the window. Nil where it opens at once.
  func pause(at now: Int64) -> Duration? {
    let recent = recent(at: now)
    guard recent.count >= Self.most else { return nil }
    return .milliseconds(recent[recent.count - Self.most] + Self.windowMilliseconds - now)
  }

  // MARK: Bytes

  var slot: [UInt8] {
    var writer = ByteWriter(capacity: Self.slotSize)
    writer.append(littleEndian: Self.magic)
    writer.append(littleEndian: serial)
    for place in 0..<Self.kept {
      writer.append(littleEndian: place < times.count ? times[place] : 0)
    }
    let bytes = writer.bytes
    writer.append(littleEndian: crc32c(bytes.span))
    writer.append(repeatElement(0, count: Self.slotSize - writer.count))
    return writer.bytes
  }

  /// Reads a slot; nil where it is torn, damaged or was never written.
  init?(slot: [UInt8]) {
    var reader = ByteReader()
    let bytes = slot.span
    do throws(ByteReader.Problem) {
      guard try reader.integer(UInt64.self, bytes) == Self.magic else { return nil }
      serial = try reader.integer(UInt64.self, bytes)
      for _ in 0..<Self.kept {
        let time = try reader.integer(Int64.self, bytes)
        if time > 0 { times.append(time) }
      }
      let sum = crc32c(bytes.extracting(0..<reader.position))
      guard try reader.integer(UInt32.self, bytes) == sum else { return nil }
    } catch { return nil }
  }
}
