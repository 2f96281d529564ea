// One event in bytes: what the spool keeps and what batches are made of. Integers are little-endian,
// the id is big-endian as in its text, lengths are varints in their shortest form.
//
//   0  version u8 = 1
//   1  kind u8
//   2  flags u16
//   4  id, 16 bytes
//  20  cts i64: when it happened, ms
//  28  sts i64: when the first Tributary program received it, ms
//  36  name: length, UTF-8
//      raw time i64            if flag 0: the client's time as it was sent
//      profile: length, UTF-8  if flag 1
//      device                  if flag 2
//      session                 if flag 3
//      visitor                 if flag 4
//      props, ctx: objects of the encoding in `Properties.swift`

package enum EventRecord {
  package static let version: UInt8 = 1
  package static let headerBytes = 36

  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The client's time differs from `cts`, and is kept.
    package static let rawTime = Flags(rawValue: 1 << 0)
    package static let profile = Flags(rawValue: 1 << 1)
    package static let device = Flags(rawValue: 1 << 2)
    package static let session = Flags(rawValue: 1 << 3)
    package static let visitor = Flags(rawValue: 1 << 4)
    package static let interactive = Flags(rawValue: 1 << 5)
    /// The client said no time: `cts` is the receiver's own reading of its clock.
    package static let ctsIsReceipt = Flags(rawValue: 1 << 6)
    /// The client gave no key: the id was minted on receipt.
    package static let idIsMinted = Flags(rawValue: 1 << 7)

    package static let known = Flags(rawValue: 0xFF)
  }

  /// Gives the record that begins at `start` another id: the same event, as somebody new.
  package static func replaceID(_ id: EventID, in bytes: inout [UInt8], at start: Int) {
    for (index, word) in [id.high, id.low].enumerated() {
      for byte in 0..<8 {
        bytes[start + 4 + 8 * index + byte] = UInt8(truncatingIfNeeded: word >> (56 - 8 * byte))
      }
    }
  }

  package enum Problem: Error, Equatable, Sendable {
    case truncated(at: Int), version(UInt8), kind(UInt8), flags(UInt16), id, time(at: Int)
    case text(at: Int), name(EventName.Problem), idLength(at: Int), tooLarge(bytes: Int)
    case properties(Properties.Problem), trailing(at: Int)
  }
}

/// Reads one record without copying: it keeps places, and is lent the bytes again to look at them.
package struct EventRecordView: Sendable {
  package let range: Range<Int>
  package let id: EventID
  package let kind: EventKind
  package let flags: EventRecord.Flags
  package let cts: Int64
  package let sts: Int64
  /// The client's time as it was sent, where that differs from `cts`.
  package let rawTime: Int64?
  package let name: Range<Int>
  package let profile: Range<Int>?
  package let device: Range<Int>?
  package let session: Range<Int>?
  package let visitor: Range<Int>?
  package let props: Range<Int>
  package let ctx: Range<Int>

  /// Reads the record that fills `range`. `checking` is for bytes of strangers: texts, limits and both
  /// objects in full. Without it the record's own structure is checked, and nothing is ever read
  /// outside `range`.
  package init(
    _ bytes: Span<UInt8>, range: Range<Int>, checking: Bool
  ) throws(EventRecord.Problem) {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count,
      range.count > EventRecord.headerBytes
    else { throw .truncated(at: range.upperBound) }
    if checking, range.count > EventLimits.recordBytes { throw .tooLarge(bytes: range.count) }
    let start = range.lowerBound
    guard bytes[start] == EventRecord.version else { throw .version(bytes[start]) }
    guard let kind = EventKind(rawValue: bytes[start &+ 1]) else { throw .kind(bytes[start &+ 1]) }
    let flags = EventRecord.Flags(
      rawValue: UInt16(bytes[start &+ 2]) | UInt16(bytes[start &+ 3]) << 8)
    guard EventRecord.Flags.known.isSuperset(of: flags) else { throw .flags(flags.rawValue) }
    let high = UInt64(bigEndian: Self.word(bytes, at: start &+ 4))
    let low = UInt64(bigEndian: Self.word(bytes, at: start &+ 12))
    guard let id = EventID(high: high, low: low) else { throw .id }
    let cts = Int64(bitPattern: Self.word(bytes, at: start &+ 20))
    let sts = Int64(bitPattern: Self.word(bytes, at: start &+ 28))
    if checking {
      guard (0...EventID.maximumMilliseconds).contains(cts) else { throw .time(at: start &+ 20) }
      guard (0...EventID.maximumMilliseconds).contains(sts) else { throw .time(at: start &+ 28) }
    }

    var position = start &+ EventRecord.headerBytes
    let end = range.upperBound
    let name = try Self.text(bytes, &position, end, checking)
    if checking, let problem = EventName.problem(of: bytes.extracting(name)) {
      throw .name(problem)
    }
    var rawTime: Int64?
    if flags.contains(.rawTime) {
      guard end &- position >= 8 else { throw .truncated(at: position) }
      let time = Int64(bitPattern: Self.word(bytes, at: position))
      if checking {
        guard time != cts, (0...EventID.maximumMilliseconds).contains(time),
          !flags.contains(.ctsIsReceipt)
        else { throw .time(at: position) }
      }
      rawTime = time
      position &+= 8
    }
    let profile = try Self.id(bytes, &position, end, flags.contains(.profile), checking)
    let device = try Self.id(bytes, &position, end, flags.contains(.device), checking)
    let session = try Self.id(bytes, &position, end, flags.contains(.session), checking)
    let visitor = try Self.id(bytes, &position, end, flags.contains(.visitor), checking)
    let props = try Self.object(bytes, &position, end, checking)
    let ctx = try Self.object(bytes, &position, end, checking)
    guard position == end else { throw .trailing(at: position) }

    self.range = range
    self.id = id
    self.kind = kind
    self.flags = flags
    self.cts = cts
    self.sts = sts
    self.rawTime = rawTime
    self.name = name
    self.profile = profile
    self.device = device
    self.session = session
    self.visitor = visitor
    self.props = props
    self.ctx = ctx
  }

  /// The client's time as it was sent; nil where it sent none.
  package var clientTime: Int64? { flags.contains(.ctsIsReceipt) ? nil : rawTime ?? cts }
}

// The parts of a record.
extension EventRecordView {
  @inline(__always)
  static func word(_ bytes: Span<UInt8>, at position: Int) -> UInt64 {
    precondition(position >= 0 && position <= bytes.count &- 8)
    // SAFETY: the eight bytes are inside, as was just checked.
    return unsafe bytes.withUnsafeBytes {
      unsafe UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }
  }

  @inline(__always)
  private static func text(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int, _ checking: Bool
  ) throws(EventRecord.Problem) -> Range<Int> {
    let start = position
    let length: UInt64
    do { length = try Properties.varint(bytes, &position, end) } catch { throw .text(at: start) }
    guard length <= UInt64(end &- position) else { throw .truncated(at: start) }
    let range = position..<(position &+ Int(length))
    if checking, !bytes.extracting(range).isUTF8 { throw .text(at: start) }
    position = range.upperBound
    return range
  }

  @inline(__always)
  private static func id(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int, _ isPresent: Bool, _ checking: Bool
  ) throws(EventRecord.Problem) -> Range<Int>? {
    guard isPresent else { return nil }
    let start = position
    let range = try text(bytes, &position, end, checking)
    if checking, range.isEmpty || range.count > EventLimits.idBytes { throw .idLength(at: start) }
    return range
  }

  @inline(__always)
  private static func object(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int, _ checking: Bool
  ) throws(EventRecord.Problem) -> Range<Int> {
    let start = position
    guard end &- start >= 5, bytes[start] == Properties.Tag.object.rawValue else {
      throw .properties(.notAnObject(at: start))
    }
    let length = Properties.readLength(bytes, at: start &+ 1)
    guard length <= end &- start &- 5 else { throw .properties(.truncated(at: start)) }
    position = start &+ 5 &+ length
    if checking {
      do { _ = try Properties.endOfObject(checking: bytes, from: start) } catch {
        throw .properties(error)
      }
    }
    return start..<position
  }
}
