import Platform

@testable import Compression

/// Writes deflate streams that zlib would not: random complete codes of up to 15 bits, single-code
/// distance trees, matches of any length and reach.
struct DeflateWriter {
  private var bytes: [UInt8] = []
  private var bitCount = 0
  private var produced = 0

  mutating func bits(_ value: Int, _ count: Int) {
    for index in 0..<count {
      if bitCount % 8 == 0 { bytes.append(0) }
      bytes[bitCount / 8] |= UInt8(value >> index & 1) << UInt8(bitCount % 8)
      bitCount += 1
    }
  }

  func finished() -> [UInt8] { bytes }

  mutating func align() { bitCount = bytes.count * 8 }

  mutating func randomBlock(isLast: Bool, using random: inout some RandomNumberGenerator) {
    bits(isLast ? 1 : 0, 1)
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      bits(0, 2)
      align()
      let length = Int.random(in: 0...40, using: &random)
      bits(length, 16)
      bits(length ^ 0xFFFF, 16)
      for _ in 0..<length { bits(Int.random(in: 0..<256, using: &random), 8) }
      produced += length
    case 1:
      bits(1, 2)
      let fixed = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
      symbols(fixed, [Int](repeating: 5, count: 30), using: &random)
    default:
      bits(2, 2)
      let literalCount = Int.random(in: 257...286, using: &random)
      let distanceCount = Int.random(in: 1...30, using: &random)
      var literals = Self.lengths(
        count: literalCount, codes: Int.random(in: 1...literalCount, using: &random),
        limit: 15, including: 256, using: &random)
      let distances = Self.lengths(
        count: distanceCount, codes: Int.random(in: 0...distanceCount, using: &random),
        limit: 15, including: nil, using: &random)
      if Bool.random(using: &random) { literals[256] = max(1, literals[256]) }
      header(literals, distances)
      symbols(literals, distances, using: &random)
    }
  }

  /// The two trees, each length spelled out by a flat code of 4 bits for 0 to 15.
  mutating func header(_ literals: [Int], _ distances: [Int]) {
    bits(literals.count - 257, 5)
    bits(distances.count - 1, 5)
    bits(15, 4)
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
      bits(symbol < 16 ? 4 : 0, 3)
    }
    for length in literals + distances { code(length, 4) }
  }

  /// A code's bits, highest first.
  private mutating func code(_ value: Int, _ length: Int) {
    for index in stride(from: length - 1, through: 0, by: -1) { bits(value >> index & 1, 1) }
  }

  private mutating func symbols(
    _ literals: [Int], _ distances: [Int], using random: inout some RandomNumberGenerator
  ) {
    let (literalCodes, distanceCodes) = (Self.codes(literals), Self.codes(distances))
    let usable = literals.indices.filter { literals[$0] > 0 && $0 != 256 && $0 < 286 }
    for _ in 0..<(usable.isEmpty ? 0 : Int.random(in: 0...200, using: &random)) {
      guard let symbol = usable.randomElement(using: &random) else { break }
      if symbol < 256 {
        code(literalCodes[symbol], literals[symbol])
        produced += 1
        continue
      }
      let reachable = distances.indices.filter {
        distances[$0] > 0 && Self.base($0, group: 2, first: 1) <= produced
      }
      guard let distance = reachable.randomElement(using: &random) else { continue }
      code(literalCodes[symbol], literals[symbol])
      let lengthExtra = symbol == 285 ? 0 : max(0, (symbol - 257) / 4 - 1)
      let lengthBits = Int.random(in: 0..<(1 << lengthExtra), using: &random)
      bits(lengthBits, lengthExtra)
      let length =
        symbol == 285 ? 258 : Self.base(symbol - 257, group: 4, first: 3) + lengthBits
      code(distanceCodes[distance], distances[distance])
      let base = Self.base(distance, group: 2, first: 1)
      let distanceExtra = max(0, distance / 2 - 1)
      let most = min((1 << distanceExtra) - 1, produced - base)
      bits(Int.random(in: 0...most, using: &random), distanceExtra)
      produced += length
    }
    code(literalCodes[256], literals[256])
  }

  private static func base(_ index: Int, group: Int, first: Int) -> Int {
    (0..<index).reduce(first) { $0 + 1 << max(0, $1 / group - 1) }
  }

  private static func codes(_ lengths: [Int]) -> [Int] {
    var codes = [Int](repeating: 0, count: lengths.count)
    var next = 0
    for length in 1...15 {
      next <<= 1
      for symbol in lengths.indices where lengths[symbol] == length {
        codes[symbol] = next
        next += 1
      }
    }
    return codes
  }

  /// Lengths of a complete code for `codes` of `count` symbols, made by splitting random leaves. One
  /// code alone has one bit.
  private static func lengths(
    count: Int, codes: Int, limit: Int, including: Int?,
    using random: inout some RandomNumberGenerator
  ) -> [Int] {
    var symbols = Array((0..<count).shuffled(using: &random).prefix(codes))
    if let including, !symbols.contains(including) { symbols[0] = including }
    var lengths = [Int](repeating: 0, count: count)
    if symbols.count == 1 { lengths[symbols[0]] = 1 }
    guard symbols.count > 1 else { return lengths }
    var leaves = [1, 1]
    let isSkewed = Bool.random(using: &random)
    while leaves.count < symbols.count {
      let open = leaves.indices.filter { leaves[$0] < limit }
      let index =
        isSkewed && Int.random(in: 0..<4, using: &random) > 0
        ? open.max { leaves[$0] < leaves[$1] } : open.randomElement(using: &random)
      guard let index else { break }
      leaves[index] += 1
      leaves.append(leaves[index])
    }
    for (symbol, length) in zip(symbols, leaves.shuffled(using: &random)) {
      lengths[symbol] = length
    }
    return lengths
  }
}

/// A stream with one thing wrong.
struct BadStream: Sendable {
  let defect: CompressionError.Defect
  let bytes: [UInt8]

  init(_ defect: CompressionError.Defect, _ write: (inout DeflateWriter) -> Void) {
    var writer = DeflateWriter()
    writer.bits(1, 1)
    write(&writer)
    for _ in 0..<4 { writer.bits(0, 8) }
    self.defect = defect
    bytes = writer.finished()
  }

  /// A dynamic block with these codes and nothing behind them.
  private static func codes(
    _ defect: CompressionError.Defect, _ literals: [Int: Int], _ distances: [Int: Int],
    then write: (inout DeflateWriter) -> Void = { _ in }
  ) -> BadStream {
    BadStream(defect) {
      $0.bits(2, 2)
      $0.header((0..<286).map { literals[$0] ?? 0 }, (0..<30).map { distances[$0] ?? 0 })
      write(&$0)
    }
  }

  private static func lengthCode(
    _ defect: CompressionError.Defect, _ lengths: [Int], then write: (inout DeflateWriter) -> Void
  ) -> BadStream {
    BadStream(defect) {
      $0.bits(2, 2)
      $0.bits(0, 10)
      $0.bits(15, 4)
      for length in lengths { $0.bits(length, 3) }
      for _ in lengths.count..<19 { $0.bits(0, 3) }
      write(&$0)
    }
  }

  static let all: [BadStream] = [
    BadStream(.blockType) { $0.bits(3, 2) },
    BadStream(.storedLength) {
      $0.bits(0, 2)
      $0.align()
      $0.bits(5, 16)
      $0.bits(5, 16)
    },
    BadStream(.codeCounts) {
      $0.bits(2, 2)
      $0.bits(30, 5)  // 287 literals
      $0.bits(0, 9)
    },
    BadStream(.codeCounts) {
      $0.bits(2, 2)
      $0.bits(0, 5)
      $0.bits(30, 5)  // 31 distances
      $0.bits(0, 4)
    },
    lengthCode(.codeLengths, []) { _ in },
    lengthCode(.codeLengths, [1]) { _ in },  // One code alone, which trees may have and this not.
    lengthCode(.codeLengths, [1, 2]) { _ in },
    lengthCode(.codeLengths, [1, 1, 1]) { _ in },
    lengthCode(.repeatedLength, [1, 0, 1]) { $0.bits(0, 1) },  // 16 first: nothing to repeat.
    lengthCode(.repeatedLength, [0, 1, 1]) {
      for _ in 0..<2 {
        $0.bits(1, 1)  // 18: 138 zeros, twice, where 258 lengths are wanted.
        $0.bits(127, 7)
      }
    },
    codes(.missingEndOfBlock, [65: 1, 66: 1], [0: 1]),
    codes(.literalCode, [65: 1, 66: 1, 256: 1], [0: 1]),
    codes(.literalCode, [65: 1, 256: 2], [0: 1]),
    codes(.literalCode, [256: 2], [0: 1]),
    codes(.distanceCode, [65: 1, 256: 1], [0: 1, 1: 1, 2: 1]),
    codes(.distanceCode, [65: 1, 256: 1], [0: 1, 1: 2]),
    codes(.distanceCode, [65: 1, 256: 1], [29: 2]),
    // The hole beside a single code of one bit.
    codes(.symbol, [256: 1], [:]) { $0.bits(1, 1) },
    codes(.symbol, [65: 2, 257: 2, 256: 1], [0: 1]) {
      $0.bits(0b01, 2)  // 65, whose code is 10
      $0.bits(0b11, 2)  // a match of three
      $0.bits(1, 1)
    },
    // A match where there are no distances.
    codes(.symbol, [257: 1, 256: 1], [:]) { $0.bits(1, 1) },
    // Symbols that only the fixed code has: 286 and 287, distances 30 and 31.
    BadStream(.symbol) {
      $0.bits(1, 2)
      $0.bits(0b0110_0011, 8)  // 11000110
    },
    BadStream(.symbol) {
      $0.bits(1, 2)
      $0.bits(0b1110_0011, 8)
    },
    BadStream(.symbol) {
      $0.bits(1, 2)
      $0.bits(0b0000_1100, 8)  // the literal 0
      $0.bits(0b100_0000, 7)  // a match of three
      $0.bits(0b01111, 5)
    },
    BadStream(.farDistance) {
      $0.bits(1, 2)
      $0.bits(0b100_0000, 7)  // a match with nothing before it
      $0.bits(0, 5)
    },
    BadStream(.farDistance) {
      $0.bits(1, 2)
      $0.bits(0b0000_1100, 8)
      $0.bits(0b100_0000, 7)
      $0.bits(0b10000, 5)  // two back, behind one byte
    },
  ]
}
