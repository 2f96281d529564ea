import Columns
import Platform
import Testing

@Suite("Blocks of numbers") struct NumberBlockTests {
  static func read(integers column: EncodedColumn) throws -> [Int64] {
    let blocks = try IntegerBlocks(head: column.head.span)
    var values: [Int64] = []
    var buffer = [Int64](repeating: 0, count: 1024)
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      var target = buffer.mutableSpan
      let count = try blocks.decode(block, of: piece.span, into: &target)
      values.append(contentsOf: buffer[..<count])
    }
    return values
  }

  @Test("integers of every magnitude come back", arguments: borderCounts)
  func integers(count: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
    for shift: Int64 in [0, 1, 20, 31, 32, 33, 50, 62, 63] {
      let offset = random.integer()
      let values = (0..<count).map { _ in
        offset &+ Int64(bitPattern: random.next()) >> Int64(shift)
      }
      let column = IntegerBlocks.encode(values.span)
      column.checkPieces()
      let back = try Self.read(integers: column)
      #expect(back == values)
      let blocks = try IntegerBlocks(head: column.head.span)
      for row in stride(from: 0, to: count, by: max(1, count / 50)) {
        let piece = column.piece(ofBlock: row / 1024)
        let value = try blocks.value(at: row, of: piece.span)
        let bounds = try blocks.bounds(ofBlock: row / 1024, of: piece.span)
        #expect(value == values[row])
        #expect(bounds.contains(value))
      }
    }
  }

  @Test("every width comes back, as a block and as a tail", arguments: 0...64)
  func widths(width: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(width)))
    let values = (0..<1500).map { row -> Int64 in
      let bits = width == 0 ? 0 : random.next() >> UInt64(64 - width)
      let edge: UInt64 = width == 0 ? 0 : .max >> UInt64(64 - width)
      return .min &+ Int64(bitPattern: row % 1024 == 0 ? 0 : row % 1024 == 1 ? edge : bits)
    }
    let column = IntegerBlocks.encode(values.span)
    let back = try Self.read(integers: column)
    #expect(back == values)
    let payload = width * 128 + (476 * width + 7) / 8
    #expect(column.byteCount == 12 + 8 + 2 * (4 + 9) + payload)
  }

  @Test("equal integers cost their base") func constant() throws {
    let values = [Int64](repeating: -7, count: 4096)
    #expect(IntegerBlocks.encode(values.span).byteCount == 12 + 8 + 4 * 13)
  }

  @Test("an encoder gives the same pieces however it is fed and emptied")
  func streaming() {
    var random = RandomGenerator(SeededRandom(seed: 3))
    let values = (0..<100_000).map { _ in random.integer() }
    var encoder = IntegerBlocks.Encoder()
    var pieces: [Piece] = []
    var next = 0
    while next < values.count {
      let end = min(values.count, next + Int.random(in: 0...3000, using: &random))
      encoder.append(values.span.extracting(next..<end))
      pieces += encoder.takePieces()
      next = end
    }
    let rest = encoder.finish()
    let whole = IntegerBlocks.encode(values.span)
    #expect(whole.pieces.count > 1)
    #expect(whole == EncodedColumn(head: rest.head, pieces: pieces + rest.pieces))
  }

  @Test("damaged integers never trap", arguments: [1, 40, 1024, 3000])
  func damagedIntegers(count: Int) {
    var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
    let values = (0..<count).map { _ in Int64.random(in: -500...500, using: &random) }
    IntegerBlocks.encode(values.span).survivesDamage(seed: 1) { column in
      let blocks = try IntegerBlocks(head: column.head.span)
      _ = try Self.read(integers: column)
      for row in stride(from: 0, to: blocks.head.count, by: 99) {
        let piece = column.piece(ofBlock: row / 1024)
        _ = try blocks.value(at: row, of: piece.span)
        _ = try blocks.bounds(ofBlock: row / 1024, of: piece.span)
      }
    }
  }

  static func read(doubles column: EncodedColumn) throws -> [Double] {
    let blocks = try DoubleBlocks(head: column.head.span)
    var values: [Double] = []
    var buffer = [Double](repeating: 0, count: 1024)
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      var target = buffer.mutableSpan
      let count = try blocks.decode(block, of: piece.span, into: &target)
      values.append(contentsOf: buffer[..<count])
      for row in stride(from: 0, to: count, by: 101) {
        let value = try blocks.value(at: block * 1024 + row, of: piece.span)
        #expect(value.bitPattern == buffer[row].bitPattern)
      }
    }
    return values
  }

  @Test("doubles come back bit by bit", arguments: borderCounts)
  func doubles(count: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
    let odd: [Double] = [
      -0.0, .nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
      .leastNonzeroMagnitude, 1e300, 0.1 + 0.2, 9_007_199_254_740_992, 2_251_799_813_685_248,
      -2_251_799_813_685_249, 123_456_789.987_654_32,
    ]
    for kind in 0..<5 {
      let values = (0..<count).map { row -> Double in
        switch kind {
        case 0: Double(Int64.random(in: -9_999_999...9_999_999, using: &random)) / 100
        case 1: Double(random.integer() >> 12) / 1e9
        case 2: Double(bitPattern: random.next())
        case 3: row % 700 == 3 ? odd[row % odd.count] : Double(row) / 8
        default: Double(Int.random(in: 0...5, using: &random))
        }
      }
      let column = DoubleBlocks.encode(values.span)
      column.checkPieces()
      let back = try Self.read(doubles: column)
      #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
    }
  }

  @Test("prices are whole cents in every block") func cents() throws {
    let values = (0..<3000).map { Double($0) / ($0 < 1024 ? 1 : 100) }
    let column = DoubleBlocks.encode(values.span)
    let blocks = try DoubleBlocks(head: column.head.span)
    #expect(blocks.commonDigits == 2)
    var cents = [Int64](repeating: 0, count: 1024)
    for block in 0..<3 {
      let piece = column.piece(ofBlock: block)
      var target = cents.mutableSpan
      let scaled = try #require(try blocks.decodeScaled(block, of: piece.span, into: &target))
      #expect(scaled.digits == 2)
      #expect(cents[5] == (block == 0 ? 500 : Int64(block) * 1024 + 5))
    }
    #expect(column.byteCount < 3000 * 17 / 8 + 100)
    let mixed = DoubleBlocks.encode(([1.0 / 3] + values).span)
    let mixedBlocks = try DoubleBlocks(head: mixed.head.span)
    #expect(mixedBlocks.commonDigits == nil)
  }

  @Test("damaged doubles never trap", arguments: [3, 1024, 2500])
  func damagedDoubles(count: Int) {
    let values = (0..<count).map { $0 < 1024 ? Double($0) / 4 : Double($0) / 3 }
    DoubleBlocks.encode(values.span).survivesDamage(seed: 2) { column in
      _ = try Self.read(doubles: column)
    }
  }
}
