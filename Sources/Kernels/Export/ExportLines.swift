import Events
import Query

/// Writes sorted rows as lines.
struct ExportLines {
  enum Column: Sendable { case id, time, cell(Int) }

  let columns: [Column]
  let format: EventExport.Format

  /// A line for each key, in their order or from the last to the first.
  func write(
    _ keys: [UInt64], of rows: [ExportRows], isReversed: Bool, into arena: ByteArena
  ) {
    arena.removeAll()
    var index = 0
    while index < keys.count {
      let key = keys[isReversed ? keys.count &- 1 &- index : index]
      let part = rows[ExportOrder.thread(of: key)]
      let row = ExportOrder.row(of: key)
      precondition(row < part.count, "no such row")
      // SAFETY: checked just now.
      let words = unsafe part.words + row &* part.stride
      unsafe write(words, part.memory.kept, part.stride, into: arena)
      index &+= 1
    }
  }

  /// SAFETY: so many words are a row.
  private func write(
    _ words: UnsafeMutablePointer<UInt64>, _ texts: ByteArena, _ stride: Int,
    into arena: ByteArena
  ) {
    // What all cells of the line take at most is reserved once, so that nothing asks again.
    var room = 2 &+ columns.count &* 48
    var word = ExportRows.firstCell
    while word < stride {
      let cell = unsafe Spelled(bits: words[word])
      if !cell.isNothing { room &+= cell.count }
      word &+= 1
    }
    arena.reserve(room)
    let start = unsafe arena.start + arena.count
    var target = unsafe start
    if format == .json { unsafe Self.put(UInt8(ascii: "["), &target) }
    let columns = columns.span
    var index = 0
    while index < columns.count {
      if index > 0 { unsafe Self.put(UInt8(ascii: ","), &target) }
      switch columns[index] {
      case .id:
        if format == .json { unsafe Self.put(UInt8(ascii: "\""), &target) }
        unsafe Self.put(id: words[1], words[2], &target)
        if format == .json { unsafe Self.put(UInt8(ascii: "\""), &target) }
      case .time:
        unsafe target += Spelling.write(Int64(bitPattern: words[0]), to: target)
      case .cell(let cell):
        let spelled = unsafe Spelled(bits: words[ExportRows.firstCell &+ cell])
        if spelled.isNothing {
          if format == .json { unsafe Self.putNull(&target) }
        } else {
          precondition(spelled.offset &+ spelled.count <= texts.count, "a text that is not there")
          // SAFETY: checked just now; both have slack behind them.
          unsafe ByteArena.copy(texts.start + spelled.offset, to: target, count: spelled.count)
          unsafe target += spelled.count
        }
      }
      index &+= 1
    }
    if format == .json { unsafe Self.put(UInt8(ascii: "]"), &target) }
    unsafe Self.put(0x0A, &target)
    arena.commit(unsafe target - start)
  }

  @inline(__always)
  private static func put(_ byte: UInt8, _ target: inout UnsafeMutablePointer<UInt8>) {
    unsafe target.pointee = byte
    unsafe target += 1
  }

  private static func putNull(_ target: inout UnsafeMutablePointer<UInt8>) {
    for byte in [UInt8(ascii: "n"), UInt8(ascii: "u"), UInt8(ascii: "l"), UInt8(ascii: "l")] {
      unsafe put(byte, &target)
    }
  }

  /// 8-4-4-4-12 hexadecimal digits.
  @inline(__always)
  private static func put(
    id high: UInt64, _ low: UInt64, _ target: inout UnsafeMutablePointer<UInt8>
  ) {
    let start = UnsafeMutableRawPointer(target)
    let second = digits(high & 0xFFFF_FFFF)
    let third = digits(low &>> 32)
    // Each store writes over what the one before had too much.
    unsafe start.storeBytes(of: digits(high &>> 32), as: UInt64.self)
    unsafe start.storeBytes(of: 0x2D | second &<< 8, toByteOffset: 8, as: UInt64.self)
    unsafe start.storeBytes(of: 0x2D | second &>> 24 & ~0xFF, toByteOffset: 13, as: UInt64.self)
    unsafe start.storeBytes(of: 0x2D | third &<< 8, toByteOffset: 18, as: UInt64.self)
    unsafe start.storeBytes(of: 0x2D | third &>> 24 & ~0xFF, toByteOffset: 23, as: UInt64.self)
    unsafe start.storeBytes(
      of: digits(low & 0xFFFF_FFFF), toByteOffset: 28, as: UInt64.self)
    unsafe target += EventID.textByteCount
  }

  /// The eight digits of 32 bits, the first one in the lowest byte.
  @inline(__always)
  private static func digits(_ number: UInt64) -> UInt64 {
    var bytes = UInt64(UInt32(truncatingIfNeeded: number).byteSwapped)
    bytes = (bytes | bytes &<< 16) & 0x0000_FFFF_0000_FFFF
    bytes = (bytes | bytes &<< 8) & 0x00FF_00FF_00FF_00FF
    let nibbles = bytes &>> 4 & 0x000F_000F_000F_000F | (bytes & 0x000F_000F_000F_000F) &<< 8
    let isLetter = (nibbles &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
  }
}
