import Columns
import Platform
import Testing

@Suite("Blocks of codes") struct CodeBlockTests {
  static func read(_ column: EncodedColumn) throws -> [UInt32] {
    let blocks = try CodeBlocks(head: column.head.span)
    var codes: [UInt32] = []
    var buffer = [UInt32](repeating: 0, count: 1024)
    var halves = [UInt16](repeating: 0, count: 1024)
    var octets = [UInt8](repeating: 0, count: 1024)
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      var target = buffer.mutableSpan
      let count = try blocks.decode(block, of: piece.span, into: &target)
      codes.append(contentsOf: buffer[..<count])
      if blocks.width <= 16 {
        var target = halves.mutableSpan
        try blocks.decode(block, of: piece.span, into: &target)
        #expect(halves[..<count].map { UInt32($0) } == Array(buffer[..<count]))
      }
      if blocks.width <= 8 {
        var target = octets.mutableSpan
        try blocks.decode(block, of: piece.span, into: &target)
        #expect(octets[..<count].map { UInt32($0) } == Array(buffer[..<count]))
      }
      for row in stride(from: 0, to: count, by: 97) {
        let value = try blocks.value(at: block * 1024 + row, of: piece.span)
        #expect(value == buffer[row])
      }
    }
    return codes
  }

  static let limits = [1, 2, 3, 17, 256, 257, 30_000, 65_536, 65_537, 1_000_000, 1 << 31]

  @Test("codes come back in every type that holds them", arguments: limits)
  func codes(limit: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(limit)))
    for count in borderCounts {
      let codes = (0..<count).map { _ in UInt32.random(in: 0...UInt32(limit - 1), using: &random) }
      let column = CodeBlocks.encode(codes.span, limit: limit)
      column.checkPieces()
      let back = try Self.read(column)
      #expect(back == codes)
      if limit == 1 { #expect(column.pieces.isEmpty) }
    }
  }

  @Test("a code that is not below the limit is refused", arguments: [3, 200, 300, 60_000, 70_000])
  func badCode(limit: Int) throws {
    for count in [900, 1024] {
      let codes = (0..<count).map { UInt32($0 % limit) }
      var column = CodeBlocks.encode(codes.span, limit: limit)
      for place in 8..<column.pieces[0].bytes.count { column.pieces[0].bytes[place] = 0xFF }
      #expect(throws: BlockProblem.badCode(block: 0)) { try Self.read(column) }
      let blocks = try CodeBlocks(head: column.head.span)
      let piece = column.piece(ofBlock: 0)
      #expect(throws: BlockProblem.badCode(block: 0)) {
        try blocks.value(at: 1, of: piece.span)
      }
      var halves = [UInt16](repeating: 0, count: 1024)
      if blocks.width <= 16 {
        #expect(throws: BlockProblem.badCode(block: 0)) {
          var target = halves.mutableSpan
          try blocks.decode(0, of: piece.span, into: &target)
        }
      }
    }
  }

  @Test("damaged codes never trap", arguments: [2, 5, 300, 70_000])
  func damaged(limit: Int) {
    let codes = (0..<2500).map { UInt32($0 * 7 % limit) }
    CodeBlocks.encode(codes.span, limit: limit).survivesDamage(seed: 4) { column in
      _ = try Self.read(column)
    }
  }

  static func read(bools column: EncodedColumn) throws -> [Bool] {
    let blocks = try BoolBlocks(head: column.head.span)
    var bits: [Bool] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      var target = buffer.mutableSpan
      let count = try blocks.decode(block, of: piece.span, into: &target)
      bits.append(contentsOf: buffer[..<count].map { $0 == 1 })
      if count > 3 {
        let value = try blocks.value(at: block * 1024 + 3, of: piece.span)
        #expect(value == (buffer[3] == 1))
      }
    }
    return bits
  }

  @Test("truths come back, and cost nothing where they agree", arguments: borderCounts)
  func bools(count: Int) throws {
    for kind in 0..<3 {
      let bits = (0..<count).map { kind == 0 || kind == 1 && $0 % 3 == 0 }
      let column = BoolBlocks.encode(bits.span)
      let back = try Self.read(bools: column)
      #expect(back == bits)
      if kind != 1 { #expect(column.byteCount == 13) }
    }
    guard count == 2048 else { return }
    let bits = (0..<count).map { $0 % 3 == 0 }
    BoolBlocks.encode(bits.span).survivesDamage(seed: 5) { column in
      _ = try Self.read(bools: column)
    }
  }
}
