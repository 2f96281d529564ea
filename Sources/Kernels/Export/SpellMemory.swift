import Columns
import Query

/// Where a value's text stands among those of its reader, or that there is none.
struct Spelled: RowValue {
  /// From the highest bit: 11 for no value, 10 for a place in the block's memory, 00 for one in what
  /// is kept; 38 bits of offset, 24 of length.
  var bits: UInt64

  static let absent = Spelled(bits: .max)
  /// Of a value that has no spelling.
  static let other = Spelled(bits: .max - 1)
  /// In the place of a text: nobody has asked for it yet.
  static let unknown = Spelled(bits: .max - 2)
  static let longest = 1 << 24 - 1
  static let farthest = 1 << 38 - 1

  @inline(__always)
  var isAbsent: Bool { bits == Self.absent.bits }
  @inline(__always)
  var isNothing: Bool { bits &>> 62 == 3 }
  @inline(__always)
  var isOfBlock: Bool { bits &>> 62 == 2 }
  @inline(__always)
  var offset: Int { Int(bits &>> 24 & UInt64(Self.farthest)) }
  @inline(__always)
  var count: Int { Int(bits & UInt64(Self.longest)) }

  /// What is too long or too far is nothing: no event is that long, and memory ends before.
  @inline(__always)
  init(offset: Int, count: Int, isOfBlock: Bool) {
    guard offset <= Self.farthest, count <= Self.longest else {
      bits = Self.other.bits
      return
    }
    bits = (isOfBlock ? 1 << 63 : 0) | UInt64(offset) &<< 24 | UInt64(count)
  }

  @inline(__always)
  init(bits: UInt64) { self.bits = bits }
}

/// The texts that the lines of a section are made of: those that are kept, such as entries of
/// dictionaries, and those of the block that is read.
final class SpellMemory {
  let format: EventExport.Format
  let kept = ByteArena(capacity: 1 << 12)
  let ofBlock = ByteArena(capacity: 1 << 12)
  /// What stands for no value.
  private(set) var nothing = Spelled.absent
  /// No text has more bytes.
  private(set) var longest = 0

  init(_ format: EventExport.Format) {
    self.format = format
    nothing = keep(.null)
  }

  var byteCount: Int { kept.capacity + ofBlock.capacity }

  /// Kept at once: entries of dictionaries, of which many rows have the same.
  func keep(text: Span<UInt8>) -> Spelled {
    spelled(in: kept) { Spelling.append(text: text, format, to: kept) }
  }

  func keep(_ value: Value) -> Spelled {
    spelled(in: kept) { Spelling.append(value, format, to: kept) }
  }

  func add(text: Span<UInt8>) -> Spelled {
    spelled(in: ofBlock) { Spelling.append(text: text, format, to: ofBlock) }
  }

  func add(_ value: Value) -> Spelled {
    spelled(in: ofBlock) { Spelling.append(value, format, to: ofBlock) }
  }

  @inline(__always)
  func add(_ number: Int64) -> Spelled {
    spelled(in: ofBlock) { Spelling.append(number, to: ofBlock) }
  }

  /// Adds neighbouring texts; `empty`: what an empty one is, if not itself.
  func add(
    _ texts: TextRows, _ range: Range<Int>, to values: BlockBuffer<Spelled>, at offset: Int,
    empty: Spelled?
  ) {
    guard let last = range.last else { return }
    let all = texts.bytes
    let bytes = all.span.extracting(
      texts.range(of: range.lowerBound).lowerBound..<texts.range(of: last).upperBound)
    guard format == .csv, !Spelling.needsQuotes(bytes) else {
      for row in range {
        let text = all.span.extracting(texts.range(of: row))
        let spelled = text.isEmpty ? empty ?? add(text: text) : add(text: text)
        values[offset + row - range.lowerBound] = spelled
      }
      return
    }
    // None of them needs quotes: they are spelled as they are, all at once.
    var start = ofBlock.count
    ofBlock.append(bytes)
    let empty = empty ?? add(text: bytes.extracting(first: 0))
    var longest = longest
    for row in range {
      let count = texts.range(of: row).count
      longest = max(longest, count)
      values[offset + row - range.lowerBound] =
        count > 0 ? Spelled(offset: start, count: count, isOfBlock: true) : empty
      start += count
    }
    self.longest = longest
  }

  @inline(__always)
  private func spelled(in arena: ByteArena, _ spell: () -> Void) -> Spelled {
    let start = arena.count
    spell()
    longest = max(longest, arena.count - start)
    return Spelled(offset: start, count: arena.count - start, isOfBlock: arena === ofBlock)
  }
}
