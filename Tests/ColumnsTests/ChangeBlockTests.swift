import Columns
import Platform
import Testing

@Suite("Blocks of changes") struct ChangeBlockTests {
  /// For each row the number of its value.
  static func read(_ column: EncodedColumn) throws -> [UInt32] {
    let blocks = try ChangeBlocks(head: column.head.span)
    var indices: [UInt32] = []
    var runs = ChangeRuns()
    var buffer = [UInt32](repeating: 0, count: 1024)
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      try blocks.decode(block, of: piece.span, into: &runs)
      #expect(runs.values.upperBound <= blocks.changeCount)
      var target = buffer.mutableSpan
      runs.expandIndices(into: &target)
      indices.append(contentsOf: buffer[..<runs.rowCount])
      let values = runs.values.map { Int64($0) }
      var wide = [Int64](repeating: 0, count: 1024)
      var wideTarget = wide.mutableSpan
      runs.expand(values.span, into: &wideTarget)
      #expect(wide[..<runs.rowCount].elementsEqual(buffer[..<runs.rowCount].map { Int64($0) }))
      for every in [1, 7, 300] {
        let rows = (0..<runs.rowCount).filter { $0 % every == block % every }.map { UInt16($0) }
        var found = [UInt32](repeating: 0, count: rows.count)
        var foundTarget = found.mutableSpan
        try blocks.find(rows.span, inBlock: block, of: piece.span, into: &foundTarget)
        #expect(found == rows.map { buffer[Int($0)] })
      }
    }
    return indices
  }

  @Test("rows know their value, however often it changes", arguments: borderCounts)
  func expands(count: Int) throws {
    for every in [1, 2, 9, 10, 11, 100, 5_000, 1 << 20] {
      var random = RandomGenerator(SeededRandom(seed: UInt64(every)))
      let isChange = (0..<count).map { _ in Int.random(in: 0..<every, using: &random) == 0 }
      let column = ChangeBlocks.encode(isChange.span)
      column.checkPieces()
      var value = -1
      let model = isChange.enumerated().map { row, isChange -> UInt32 in
        if isChange || row == 0 { value += 1 }
        return UInt32(value)
      }
      let back = try Self.read(column)
      #expect(back == model)
      let blocks = try ChangeBlocks(head: column.head.span)
      #expect(blocks.changeCount == value + 1)
    }
  }

  @Test("damaged changes never trap", arguments: [1, 3, 40, 2000])
  func damaged(every: Int) {
    let isChange = (0..<2500).map { $0 % every == 0 }
    ChangeBlocks.encode(isChange.span).survivesDamage(seed: 6) { column in
      _ = try Self.read(column)
    }
  }
}
