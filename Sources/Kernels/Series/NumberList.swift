import Sections

/// Numbers of which an order is asked for, with their cells, as they come: keys in the order of the
/// numbers, and stretches of neighbours in one cell.
struct NumberList: Sendable {
  struct Stretch: Sendable {
    let cell: UInt32
    /// Where it ends among the keys.
    var end: Int
  }

  private(set) var keys: [Int64] = []
  private(set) var stretches: [Stretch] = []

  var byteCount: Int { 8 * keys.count + 16 * stretches.count }

  /// Adds what is a number.
  mutating func append(
    _ numbers: BlockBuffer<Number>, _ rows: RowList, _ cells: BlockBuffer<UInt32>, _ count: Int
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    let first = keys.count
    keys.append(addingCapacity: count) { output in
      // SAFETY: checked just now; rows of a list are rows of a block.
      let (numbers, rows) = unsafe (numbers.start, rows.start)
      var index = 0
      while index < count {
        let number = unsafe numbers[Int(rows[index])]
        if number.isNumber { output.append(OrderedKey.key(of: number.asDouble)) }
        index &+= 1
      }
    }
    if count > 0, keys.count - first == count, SeriesLoops.isConstant(cells, count) {
      return extend(cells[0], to: keys.count)
    }
    var end = first
    for index in 0..<count where numbers[Int(rows[index])].isNumber {
      end += 1
      extend(cells[index], to: end)
    }
  }

  private mutating func extend(_ cell: UInt32, to end: Int) {
    if let last = stretches.indices.last, stretches[last].cell == cell {
      stretches[last].end = end
    } else {
      stretches.append(Stretch(cell: cell, end: end))
    }
  }
}

extension Number {
  @inline(__always)
  var isNumber: Bool { kind == .integer || kind == .double }
}

/// The numbers of several lists by cell.
struct NumbersByCell: Sendable {
  private struct Part: Sendable {
    let list: Int
    let range: Range<Int>
  }

  private let lists: [NumberList]
  /// Cell after cell, and where each cell's parts begin.
  private let parts: [Part]
  private let starts: [Int]

  init(_ lists: [NumberList], cells count: Int) {
    self.lists = lists
    var starts = [Int](repeating: 0, count: count + 1)
    for list in lists { for stretch in list.stretches { starts[Int(stretch.cell) + 1] += 1 } }
    for cell in 0..<count { starts[cell + 1] += starts[cell] }
    self.starts = starts
    var parts = [Part](repeating: Part(list: 0, range: 0..<0), count: starts[count])
    for (number, list) in lists.enumerated() {
      var first = 0
      for stretch in list.stretches {
        let cell = Int(stretch.cell)
        parts[starts[cell]] = Part(list: number, range: first..<stretch.end)
        starts[cell] += 1
        first = stretch.end
      }
    }
    self.parts = parts
  }

  /// The keys of neighbouring cells.
  func keys(of cells: Range<Int>) -> [Int64] {
    let own = parts[starts[cells.lowerBound]..<starts[cells.upperBound]]
    var keys: [Int64] = []
    keys.reserveCapacity(own.reduce(0) { $0 + $1.range.count })
    for part in own { keys += lists[part.list].keys[part.range] }
    return keys
  }
}
