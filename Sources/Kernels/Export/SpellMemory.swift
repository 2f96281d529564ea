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

/// The texts of one thread's part of a slice: those that rows keep, and those of the block that is read,
/// of which only some rows are meant.
final class SpellMemory {
  let format: EventExport.Format
  let kept = ByteArena(capacity: 1 << 16)
  let ofBlock = ByteArena(capacity: 1 << 16)

  init(_ format: EventExport.Format) { self.format = format }

  /// Kept at once: entries of dictionaries, of which many rows have the same.
  func keep(text: Span<UInt8>) -> Spelled { spelled(in: kept) { append(text, to: kept) } }

  func keep(_ value: Value) -> Spelled {
    spelled(in: kept) { Spelling.append(value, format, to: kept) }
  }

  func add(text: Span<UInt8>) -> Spelled {
    spelled(in: ofBlock) { append(text, to: ofBlock) }
  }

  func add(_ value: Value) -> Spelled {
    spelled(in: ofBlock) { Spelling.append(value, format, to: ofBlock) }
  }

  @inline(__always)
  func add(_ number: Int64) -> Spelled {
    spelled(in: ofBlock) { Spelling.append(number, to: ofBlock) }
  }

  private func append(_ text: Span<UInt8>, to arena: ByteArena) {
    Spelling.append(text: text, format, to: arena)
  }

  @inline(__always)
  private func spelled(in arena: ByteArena, _ spell: () -> Void) -> Spelled {
    let start = arena.count
    spell()
    return Spelled(offset: start, count: arena.count - start, isOfBlock: arena === ofBlock)
  }
}
