/// When a program ended because the disk had failed to write, and what follows from that: a value that
/// decides and does nothing (RELIABILITY S6). Whoever starts it again starts it into the same disk.
///
/// In its file a record is a slot of 512 bytes, integers little-endian:
///
///   magic   u64      "TRBFENDS"
///   serial  u64      grows by one with every record
///   times   8 × i64  the last ends, milliseconds, oldest first, 0 where there are fewer
///   check   u32      CRC-32C of everything above
///   zeros   to 512
package struct FailedEnds: Equatable, Sendable {
  package static let slotSize = 512
  private static let magic: UInt64 = 0x5344_4E45_4642_5254
  private static let kept = 8

  /// After so many ends within the window nothing is taken in.
  package static let most = 3
  package static let window: Duration = .seconds(600)

  package var serial: UInt64 = 0
  package private(set) var times: [Int64] = []

  package init() {}

  package mutating func note(_ milliseconds: Int64) {
    times.append(max(milliseconds, 1))
    times.removeFirst(max(0, times.count - Self.kept))
  }

  package mutating func forget() { times = [] }

  /// How long ago those ends were that count at this time, in milliseconds, the longest first. One of the
  /// future was written before the clock was set back: it counts as if it were now, so that no clock
  /// keeps intake shut for longer than the window.
  private func ages(at now: Int64) -> [Int64] {
    times.map { now - min($0, now) }.filter { $0 < Self.window.wholeMilliseconds }.sorted(by: >)
  }

  package func count(at now: Int64) -> Int { ages(at: now).count }

  /// How long a program that starts now takes nothing in: until fewer than three ends lie within the
  /// window. Nil where it takes in at once.
  package func pause(at now: Int64) -> Duration? {
    let ages = ages(at: now)
    guard ages.count >= Self.most else { return nil }
    return Self.window - .milliseconds(ages[ages.count - Self.most])
  }

  // MARK: Bytes

  package var slot: [UInt8] {
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
  package init?(slot: [UInt8]) {
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
