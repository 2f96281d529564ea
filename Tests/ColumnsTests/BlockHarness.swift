import Columns
import Platform
import Testing

/// Row counts around the borders of blocks and pieces.
let borderCounts = [0, 1, 2, 31, 1023, 1024, 1025, 2048, 5000, 100_000]

extension EncodedColumn {
  /// The piece that holds a block; columns whose blocks have no bytes have none.
  func piece(ofBlock block: Int) -> [UInt8] {
    let piece = pieces.first {
      ($0.firstBlock..<($0.firstBlock + $0.blockCount)).contains(block)
    }
    return piece?.bytes ?? []
  }

  /// What every encoder promises about its pieces.
  func checkPieces() {
    var next = 0
    for piece in pieces {
      #expect(piece.firstBlock == next)
      #expect(piece.bytes.count <= Piece.targetByteCount || piece.blockCount == 1)
      next += piece.blockCount
    }
  }

  /// Reads this column cut at every byte of its head and pieces (long ones: at 300 of them), then
  /// damaged in 300 ways. `read` may throw a `BlockProblem` and must not trap. A cut piece must be
  /// noticed; one byte less always belongs to its last block.
  func survivesDamage(seed: UInt64, _ read: (EncodedColumn) throws -> Void) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    for end in 0..<head.count {
      var cut = self
      cut.head.removeSubrange(end...)
      #expect(throws: BlockProblem.self) { try read(cut) }
    }
    for index in pieces.indices {
      let count = pieces[index].bytes.count
      for end in stride(from: 0, to: count, by: max(1, count / 300)) {
        var cut = self
        cut.pieces[index].bytes.removeSubrange(end...)
        #expect(throws: BlockProblem.self) { try read(cut) }
      }
    }
    for _ in 0..<300 {
      var damaged = self
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let piece = damaged.pieces.indices.randomElement(using: &random)
        if let piece, Int.random(in: 0..<4, using: &random) > 0 {
          // Half of the time where the directory and the first block's head are.
          let count = damaged.pieces[piece].bytes.count
          let limit = Bool.random(using: &random) ? count : min(count, 40)
          let place = Int.random(in: 0..<limit, using: &random)
          damaged.pieces[piece].bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        } else {
          let place = Int.random(in: 0..<damaged.head.count, using: &random)
          damaged.head[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        }
      }
      // A damaged count of values would make the test itself allocate without end.
      if let head = try? ColumnHead(damaged.head.span), head.count > 1 << 20 { continue }
      do { try read(damaged) } catch { #expect(error is BlockProblem) }
    }
  }
}
