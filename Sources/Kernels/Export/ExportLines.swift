import Events
import Query
import Sections

/// Writes the lines of rows of a block, whose cells have been spelled before.
struct ExportLines: Sendable {
  enum Column: Sendable { case id, time, cell(Int) }

  let columns: [Column]
  let format: EventExport.Format

  /// Where a column's texts are, for each row of a block; nil for ids and times.
  @safe private struct Source {
    /// SAFETY: for all rows of a block, as long as the values that were given.
    var values: UnsafeMutablePointer<Spelled>?
    var isTime: Bool
  }

  /// What a line has beside its cells' texts: its head, digits and commas, and what is written too
  /// much and written over.
  private var extraBytes: Int { FoundLines.headByteCount + 16 + columns.count * 48 }

  /// Adds a line for each of these rows; `times` are those of the block, `ids` those of the rows.
  func add(
    _ list: Span<UInt16>, _ times: Span<Int64>, _ ids: Span<EventID>,
    _ cells: [BlockBuffer<Spelled>], _ memory: SpellMemory, to found: FoundLines
  ) {
    precondition(times.count <= RowList.capacity, "too many rows")
    var pen = found.pen(for: list.count)
    unsafe withUnsafeTemporaryAllocation(of: Source.self, capacity: columns.count) { sources in
      for (place, column) in columns.enumerated() {
        switch column {
        case .id:
          unsafe sources.initializeElement(at: place, to: Source(values: nil, isTime: false))
        case .time:
          unsafe sources.initializeElement(at: place, to: Source(values: nil, isTime: true))
        case .cell(let cell):
          unsafe sources.initializeElement(
            at: place, to: Source(values: cells[cell].start, isTime: false))
        }
      }
      unsafe write(list, times, ids, UnsafeBufferPointer(sources), memory, found, &pen)
    }
    withExtendedLifetime(cells) {}
    found.add(list.count, pen)
  }

  private func write(
    _ list: Span<UInt16>, _ times: Span<Int64>, _ ids: Span<EventID>,
    _ sources: UnsafeBufferPointer<Source>, _ memory: SpellMemory, _ found: FoundLines,
    _ pen: inout FoundLines.Pen
  ) {
    let isJSON = format == .json
    let start = UInt64(bitPattern: found.stretches.times.lowerBound)
    let texts = unsafe Texts(memory)
    // As much as any line takes, unless some text is very long.
    let usual = extraBytes + columns.count * memory.longest
    var index = 0
    while index < list.count {
      let row = Int(list[index]) & (RowList.capacity &- 1)
      if pen.left < usual {
        let room = unsafe extraBytes + room(sources, row, texts)
        if pen.left < room { found.turnPage(&pen, room) }
      }
      let (time, id) = (times[row], ids[index])
      // SAFETY: there is room for all that the columns have, made just now.
      let head = unsafe pen.next
      var target = unsafe (head + FoundLines.headByteCount).assumingMemoryBound(to: UInt8.self)
      if isJSON { unsafe Self.put(UInt8(ascii: "["), &target) }
      var column = 0
      while column < sources.count {
        let source = unsafe sources[column]
        if let values = unsafe source.values {
          unsafe texts.copy(values[row], to: &target)
        } else if source.isTime {
          unsafe target += Spelling.write(time, to: target)
        } else {
          if isJSON { unsafe Self.put(UInt8(ascii: "\""), &target) }
          unsafe Self.put(id: id.high, id.low, &target)
          if isJSON { unsafe Self.put(UInt8(ascii: "\""), &target) }
        }
        unsafe Self.put(UInt8(ascii: ","), &target)
        column &+= 1
      }
      // In the place of the last comma.
      unsafe target -= 1
      if isJSON { unsafe Self.put(UInt8(ascii: "]"), &target) }
      unsafe Self.put(0x0A, &target)
      let length = unsafe UnsafeMutableRawPointer(target) - head
      unsafe head.storeBytes(of: id.high, as: UInt64.self)
      unsafe head.storeBytes(of: id.low, toByteOffset: 8, as: UInt64.self)
      unsafe head.storeBytes(
        of: length &- FoundLines.headByteCount, toByteOffset: 16, as: Int.self)
      unsafe pen.line.pointee = FoundLines.Line(
        distance: UInt64(bitPattern: time) &- start, start: head)
      unsafe pen.line += 1
      let taken = min(pen.left, (length &+ 7) & ~7)
      unsafe pen.next = head + taken
      pen.left &-= taken
      index &+= 1
    }
  }

  /// What the cells of a row take.
  private func room(
    _ sources: UnsafeBufferPointer<Source>, _ row: Int, _ texts: Texts
  ) -> Int {
    var sum = 0
    for column in 0..<sources.count {
      // SAFETY: the values are there for every row of a block.
      if let values = unsafe sources[column].values { sum += unsafe texts.place(values[row]).count }
    }
    return sum
  }

  /// The texts that cells are made of, by address.
  @unsafe private struct Texts {
    let kept: UnsafeMutablePointer<UInt8>
    let ofBlock: UnsafeMutablePointer<UInt8>
    let keptCount: Int
    let blockCount: Int
    let nothing: Spelled

    init(_ memory: SpellMemory) {
      unsafe kept = memory.kept.start
      unsafe ofBlock = memory.ofBlock.start
      unsafe keptCount = memory.kept.count
      unsafe blockCount = memory.ofBlock.count
      unsafe nothing = memory.nothing
    }

    @inline(__always)
    func place(_ spelled: Spelled) -> Spelled {
      unsafe spelled.isNothing ? nothing : spelled
    }

    /// SAFETY: the target has room for the text, and the slack behind it.
    @inline(__always)
    func copy(_ spelled: Spelled, to target: inout UnsafeMutablePointer<UInt8>) {
      let place = unsafe place(spelled)
      let isOfBlock = place.isOfBlock
      let limit = unsafe isOfBlock ? blockCount : keptCount
      precondition(place.offset &+ place.count <= limit, "a text that is not there")
      // SAFETY: checked just now; both have slack behind them.
      unsafe ByteArena.copy(
        (isOfBlock ? ofBlock : kept) + place.offset, to: target, count: place.count)
      unsafe target += place.count
    }
  }

  @inline(__always)
  private static func put(_ byte: UInt8, _ target: inout UnsafeMutablePointer<UInt8>) {
    unsafe target.pointee = byte
    unsafe target += 1
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
