import Events
import Query
import Sections

// A row is as many words: its time, the two words of its id, and for each cell where its text stands in
// what is kept (`Spelled`).

/// The rows of one thread's part of a slice, in the order in which they were found.
@safe final class ExportRows: @unchecked Sendable {
  // Sendable, because only one thread adds rows, and others read them once it is done.

  static let firstCell = 3

  let stride: Int
  let memory: SpellMemory
  private(set) var count = 0
  private var capacity = 1_024
  /// SAFETY: for `count` rows of `stride` words, until the next call that grows.
  private(set) var words: UnsafeMutablePointer<UInt64>

  init(cells: Int, _ format: EventExport.Format) {
    stride = Self.firstCell + cells
    memory = SpellMemory(format)
    unsafe words = .allocate(capacity: capacity * stride)
  }

  deinit { unsafe words.deallocate() }

  var byteCount: Int {
    8 * capacity * stride + memory.kept.capacity + memory.ofBlock.capacity
  }

  /// Makes room for so many rows, whose words are filled afterwards; says where they begin.
  func add(_ more: Int) -> Int {
    if more > capacity - count {
      capacity = max(2 * capacity, count + more)
      let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * stride)
      unsafe larger.update(from: words, count: count * stride)
      unsafe words.deallocate()
      unsafe words = larger
    }
    unsafe (words + count * stride).update(repeating: 0, count: more * stride)
    count += more
    return count - more
  }

  func setTimes(from start: Int, _ list: Span<UInt16>, _ times: Span<Int64>) {
    precondition(start >= 0 && list.count <= count - start, "rows that are not there")
    // SAFETY: checked just now.
    var target = unsafe words + start &* stride
    var index = 0
    while index < list.count {
      unsafe target[0] = UInt64(bitPattern: times[Int(list[index])])
      unsafe target += stride
      index &+= 1
    }
  }

  @inline(__always)
  func setID(_ row: Int, _ id: EventID) {
    precondition(row < count, "no row \(row)")
    // SAFETY: checked just now.
    let target = unsafe words + row &* stride
    unsafe target[1] = id.high
    unsafe target[2] = id.low
  }

  /// Gives rows the texts of one column; those of the block are copied to what is kept, once for
  /// neighbours that have the same.
  func setCells(
    _ cell: Int, from start: Int, _ list: Span<UInt16>, _ values: BlockBuffer<Spelled>
  ) {
    precondition(start >= 0 && list.count <= count - start, "rows that are not there")
    precondition(Self.firstCell + cell < stride, "no cell \(cell)")
    // SAFETY: checked just now; a row of a list is a row of a block.
    let values = unsafe values.start
    var target = unsafe words + (start &* stride &+ Self.firstCell &+ cell)
    let stride = stride
    var last = Spelled.absent
    var lastKept = Spelled.absent
    var index = 0
    while index < list.count {
      var spelled = unsafe values[Int(list[index]) & (RowList.capacity &- 1)]
      if spelled.isOfBlock {
        if spelled.bits != last.bits {
          last = spelled
          let start = memory.kept.count
          memory.kept.append(memory.ofBlock, from: spelled.offset, count: spelled.count)
          lastKept = Spelled(offset: start, count: spelled.count, isOfBlock: false)
        }
        spelled = lastKept
      }
      unsafe target.pointee = spelled.bits
      unsafe target += stride
      index &+= 1
    }
  }
}

/// One section's rows for an export: for one thread.
final class ExportReader {
  private let reader: BlockReader
  private let filter: BlockFilter
  private let rows: ExportRows
  private var cells: [RowValues<SpellColumn>] = []
  private var ids: IDCursor

  init(
    _ section: Section, _ number: Int, _ filter: EventFilter, _ paths: [PropertyPath],
    _ secret: ProjectSecret, _ rows: ExportRows
  ) throws(SectionProblem) {
    reader = try BlockReader(section)
    self.filter = try BlockFilter(filter, section: number, reader)
    self.rows = rows
    ids = IDCursor(try section.ids(secret.ids))
    if self.filter.isEmpty { return }
    let heads = section.heads.indices.filter { self.filter.heads[$0] == 1 }
    for path in paths {
      cells.append(
        try SpelledPath.values(at: path, heads: heads, of: reader, rows.memory))
    }
  }

  func read(_ block: Int) throws(SectionProblem) {
    if filter.isEmpty { return }
    try reader.load(block)
    let count = try filter.load(reader)
    if count == 0 { return }
    rows.memory.ofBlock.removeAll()
    let start = rows.add(count)
    let found = filter.rows
    // SAFETY: so many rows are in the list, which lives until the end of the call.
    let list = unsafe UnsafeBufferPointer(start: found.start, count: count).span
    defer { extendLifetime(found) }
    let times = reader.times.values
    rows.setTimes(from: start, list, times.span)
    let rows = rows
    try ids.forEach(list, ofBlock: block, times.span) { rows.setID(start + $0, $1) }
    for cell in cells.indices {
      try cells[cell].load(reader)
      rows.setCells(cell, from: start, list, cells[cell].values)
    }
  }
}
