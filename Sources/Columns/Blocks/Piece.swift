// A piece: neighbouring blocks of one column that are read together. Everything is little-endian.
//
//   0  u32    its first block
//   4  u32    blocks, n
//   8  u32 n  where each block ends, counted from the start of the piece; not where all blocks of the
//             column have the same size (codes and bools)
//      blocks

/// One run of blocks of an encoded column: at most 256 KiB, unless a single block is larger.
package struct Piece: Equatable, Sendable {
  package static let targetByteCount = 256 * 1024
  static let headByteCount = 8

  package var firstBlock: Int
  package var blockCount: Int
  package var bytes: [UInt8]
}

/// A column as it is stored: a head to keep, pieces to be loaded one by one.
package struct EncodedColumn: Equatable, Sendable {
  package var head: [UInt8]
  package var pieces: [Piece]

  package init(head: [UInt8], pieces: [Piece]) {
    self.head = head
    self.pieces = pieces
  }

  package var byteCount: Int { pieces.reduce(head.count) { $0 + $1.bytes.count } }
}

/// Gathers blocks into pieces, front to back.
struct PieceWriter: Sendable {
  private let hasDirectory: Bool
  private var finished: [Piece] = []
  private var firstBlock = 0
  private var ends: [Int] = []
  private var blocks: [UInt8] = []

  init(hasDirectory: Bool) { self.hasDirectory = hasDirectory }

  mutating func append(_ block: [UInt8]) {
    let entry = hasDirectory ? 4 : 0
    let before = Piece.headByteCount + ends.count * entry + blocks.count
    if !ends.isEmpty, before + entry + block.count > Piece.targetByteCount { finishPiece() }
    blocks.append(contentsOf: block)
    ends.append(blocks.count)
  }

  /// The pieces that are complete, which the writer forgets.
  mutating func takePieces() -> [Piece] {
    defer { finished = [] }
    return finished
  }

  mutating func finish() -> [Piece] {
    if !ends.isEmpty { finishPiece() }
    return takePieces()
  }

  private mutating func finishPiece() {
    let start = Piece.headByteCount + (hasDirectory ? 4 * ends.count : 0)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(start + blocks.count)
    bytes.append(littleEndian: UInt32(firstBlock))
    bytes.append(littleEndian: UInt32(ends.count))
    if hasDirectory { for end in ends { bytes.append(littleEndian: UInt32(start + end)) } }
    bytes.append(contentsOf: blocks)
    finished.append(Piece(firstBlock: firstBlock, blockCount: ends.count, bytes: bytes))
    firstBlock += ends.count
    ends.removeAll(keepingCapacity: true)
    blocks.removeAll(keepingCapacity: true)
  }
}

extension Piece {
  /// Where a block lies in a piece with a directory.
  static func range(
    ofBlock block: Int, in piece: Span<UInt8>
  ) throws(BlockProblem) -> Range<Int> {
    let (index, count) = try place(ofBlock: block, in: piece)
    let start = headByteCount + 4 * count
    guard start <= piece.count else { throw .truncated(block: block) }
    let lower = index == 0 ? start : halfWord(piece, at: headByteCount + 4 * (index - 1))
    let upper = halfWord(piece, at: headByteCount + 4 * index)
    guard start <= lower, lower <= upper, upper <= piece.count
    else { throw .truncated(block: block) }
    return lower..<upper
  }

  /// Where a block of `byteCount` bytes lies behind others of `stride` bytes.
  static func range(
    ofBlock block: Int, stride: Int, byteCount: Int, in piece: Span<UInt8>
  ) throws(BlockProblem) -> Range<Int> {
    let (index, _) = try place(ofBlock: block, in: piece)
    // An index below 2^32 and a stride of at most 4 KiB: no overflow.
    let start = headByteCount + index * stride
    guard start + byteCount <= piece.count else { throw .truncated(block: block) }
    return start..<(start + byteCount)
  }

  private static func place(
    ofBlock block: Int, in piece: Span<UInt8>
  ) throws(BlockProblem) -> (index: Int, count: Int) {
    guard piece.count >= headByteCount else { throw .truncated(block: block) }
    let index = block - halfWord(piece, at: 0)
    let count = halfWord(piece, at: 4)
    guard 0..<count ~= index else { throw .truncated(block: block) }
    return (index, count)
  }
}

/// The four bytes at `offset`, lowest first.
@inline(__always)
func halfWord(_ bytes: Span<UInt8>, at offset: Int) -> Int {
  // SAFETY: any bytes are a UInt32, and the load itself is checked against the span's end.
  Int(
    unsafe UInt32(
      littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
}
