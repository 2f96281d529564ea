// A block of doubles:
//
//   0  u8  digits behind the point, 0 to 9; 255: bit patterns
//   1      the values times 10^digits, or their bit patterns, as a block of integers (`PackedBlock`)

/// A column of doubles. People write decimals (12.5, 0.07): a block in which every value is a whole
/// number over the same power of ten, bit for bit, is stored as these whole numbers.
package struct DoubleBlocks: Sendable {
  static let patterns: UInt8 = 255
  static let mostDigits = 9
  /// Whole numbers up to here become doubles by vector arithmetic (`convert`).
  static let exactLimit: Int64 = 1 << 51
  static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

  package let head: ColumnHead

  /// The digits behind the point that all blocks have, if they do: then `decodeScaled` compares and
  /// adds across blocks.
  package var commonDigits: Int? {
    head.parameter == Self.patterns ? nil : Int(head.parameter)
  }

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    head = try ColumnHead(bytes, is: .doubles)
    guard head.parameter == Self.patterns || head.parameter <= Self.mostDigits
    else { throw .badHead }
  }

  /// Writes the values of a block, and says how many there are. `values` has room for 1,024.
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into values: inout MutableSpan<Double>
  ) throws(BlockProblem) -> Int {
    let (digits, packed) = try packedBlock(block, of: piece)
    // SAFETY: doubles and 64-bit integers have one size and alignment; every pattern is either.
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe values.withMemoryRebound(to: Int64.self) { numbers in
        var numbers = unsafe numbers.mutableSpan
        packed.decode(piece, into: &numbers)
      }
      guard digits != Self.patterns, let start = values.baseAddress else { return }
      unsafe Self.convert(start, packed.count, over: Self.powers[Int(digits)])
    }
    return packed.count
  }

  /// Writes the whole numbers of a block; nil where its values are bit patterns.
  package func decodeScaled(
    _ block: Int, of piece: Span<UInt8>, into numbers: inout MutableSpan<Int64>
  ) throws(BlockProblem) -> (count: Int, digits: Int)? {
    let (digits, packed) = try packedBlock(block, of: piece)
    guard digits != Self.patterns else { return nil }
    packed.decode(piece, into: &numbers)
    return (packed.count, Int(digits))
  }

  /// One value, without its neighbours.
  package func value(at index: Int, of piece: Span<UInt8>) throws(BlockProblem) -> Double {
    precondition(0..<head.count ~= index, "no value \(index)")
    let (digits, packed) = try packedBlock(index / Lanes.blockCount, of: piece)
    let number = packed.value(at: index % Lanes.blockCount, of: piece)
    if digits == Self.patterns { return Double(bitPattern: UInt64(bitPattern: number)) }
    return Self.double(number) / Self.powers[Int(digits)]
  }

  private func packedBlock(
    _ block: Int, of piece: Span<UInt8>
  ) throws(BlockProblem) -> (digits: UInt8, PackedBlock) {
    precondition(0..<head.blockCount ~= block, "no block \(block)")
    let range = try Piece.range(ofBlock: block, in: piece)
    let bytes = piece.extracting(..<range.upperBound)
    guard !range.isEmpty,
      let packed = PackedBlock(
        bytes, at: range.lowerBound + 1, count: head.valueCount(ofBlock: block))
    else { throw .badBlock(block) }
    let digits = bytes[range.lowerBound]
    guard digits == Self.patterns || digits <= Self.mostDigits,
      head.parameter == Self.patterns || digits == head.parameter
    else { throw .badBlock(block) }
    return (digits, packed)
  }

  /// Whole numbers in the place of doubles become the doubles that they are over `power`.
  private static func convert(
    _ values: UnsafeMutablePointer<Double>, _ count: Int, over power: Double
  ) {
    var index = 0
    if power == 1 {
      while index < count {
        unsafe values[index] = double(Int64(bitPattern: values[index].bitPattern))
        index &+= 1
      }
    } else {
      while index < count {
        unsafe values[index] = double(Int64(bitPattern: values[index].bitPattern)) / power
        index &+= 1
      }
    }
  }

  /// What is added to the bits of a whole number becomes a double that is so much more than it.
  private static let middle = 6_755_399_441_055_744.0  // 1.5 × 2^52

  /// `Double(number)` within ±2^51, by what every processor has as a vector. Beyond (damage) the
  /// result is some double.
  @inline(__always)
  static func double(_ number: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: number) &+ middle.bitPattern) - middle
  }

  /// The nearest whole number of a value within ±2^51.
  @inline(__always)
  static func rounded(_ value: Double) -> Int64 {
    Int64(bitPattern: (value + middle).bitPattern &- middle.bitPattern)
  }
}
