import Columns

// Where among the sorted keys the id of each row is: lanes of 1,024 rows (Lanes.swift), as wide as the
// last position needs, as many whole blocks in an extent as 64 KiB hold. The last block is filled up
// with zeros. A section of one id has none.

/// The measures of a permutation of so many rows.
struct RowPermutation: Sendable {
  let count: Int
  let width: Int

  init(count: Int) {
    self.count = count
    width = count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
  }

  var blocks: Int { (count + Lanes.blockCount - 1) / Lanes.blockCount }
  var blockBytes: Int { Lanes.byteCount(width: width) }
  var blocksPerExtent: Int { max(1, Extent.targetByteCount / max(1, blockBytes)) }
  var extentCount: Int {
    width == 0 ? 0 : (blocks + blocksPerExtent - 1) / blocksPerExtent
  }
}

/// Positions whose rows are looked for, while all rows go past.
struct PositionSearch {
  /// Ascending, each once.
  private let wanted: [UInt32]
  /// The first row met of each; .max before that.
  private(set) var rows: [UInt32]
  private(set) var missing: Int
  /// A bit for the low bits of each wanted position: most rows end at it.
  private var filter: [UInt64]
  private let mask: UInt32

  /// So few positions are compared one by one, which is a matter of vectors.
  private static let fewPositions = 4

  init(_ wanted: [UInt32]) {
    self.wanted = wanted
    rows = [UInt32](repeating: .max, count: wanted.count)
    missing = wanted.count
    let logarithm = max(12, min(22, 37 - UInt32(wanted.count).leadingZeroBitCount))
    mask = 1 << UInt32(logarithm) - 1
    filter = [UInt64](repeating: 0, count: 1 << (logarithm - 6))
    for position in wanted {
      let bit = position & mask
      filter[Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    }
  }

  /// Looks at a block of positions, those of the rows from `row` on.
  mutating func look(at positions: UnsafeBufferPointer<UInt32>, row: Int) {
    if wanted.count <= Self.fewPositions {
      for (index, position) in wanted.enumerated() where rows[index] == .max {
        // SAFETY: `row` stays below the count.
        if unsafe Self.contains(position, positions) {
          settle(index, UInt32(row + (unsafe positions.firstIndex(of: position) ?? 0)))
        }
      }
      return
    }
    // Written in place, and the count moved on only for the few that the filter lets through.
    var found = [Int](repeating: 0, count: positions.count)
    let count = unsafe filter.withUnsafeBufferPointer { filter in
      unsafe found.withUnsafeMutableBufferPointer { found in
        var (count, index) = (0, 0)
        while index < positions.count {
          // SAFETY: `mask` is the filter's size in bits less 1; `count` is at most `index`.
          let bit = unsafe positions[index] & mask
          unsafe found[count] = index
          count &+= Int(unsafe filter[Int(bit &>> 6)] &>> UInt64(bit & 63) & 1)
          index &+= 1
        }
        return count
      }
    }
    for index in found[..<count] {
      guard let place = place(of: unsafe positions[index]), rows[place] == .max else { continue }
      settle(place, UInt32(row + index))
    }
  }

  private mutating func settle(_ index: Int, _ row: UInt32) {
    rows[index] = row
    missing -= 1
  }

  @inline(__always)
  private static func contains(
    _ position: UInt32, _ positions: UnsafeBufferPointer<UInt32>
  ) -> Bool {
    var difference: UInt32 = .max
    var index = 0
    // The least difference instead of a branch, so that LLVM makes vectors of it.
    while index < positions.count {
      difference = min(difference, unsafe positions[index] ^ position)
      index &+= 1
    }
    return difference == 0
  }

  private func place(of position: UInt32) -> Int? {
    var (low, high) = (0, wanted.count)
    while low < high {
      let middle = (low + high) / 2
      if wanted[middle] < position { low = middle + 1 } else { high = middle }
    }
    return low < wanted.count && wanted[low] == position ? low : nil
  }
}
