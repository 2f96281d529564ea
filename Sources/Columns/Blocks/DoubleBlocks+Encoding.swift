extension DoubleBlocks {
  package static func encode(_ values: Span<Double>) -> EncodedColumn {
    // One number of digits for all blocks, if there is one.
    var digits = 0
    var start = 0
    while start < values.count {
      let end = min(start + Lanes.blockCount, values.count)
      let needed = Self.digits(of: values.extracting(start..<end), from: digits)
      digits = needed ?? digits
      start = end
    }
    var encoder = Encoder(digits: digits)
    encoder.append(values)
    return encoder.finish()
  }

  /// Takes values as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    private let leastDigits: Int
    private var writer = PieceWriter(hasDirectory: true)
    private var pending = PendingBlock<Double>()
    private var count = 0
    /// What all blocks so far have.
    private var common: UInt8?
    private var isCommon = true

    /// Blocks get these digits at least, so that they have the same; a merge knows what its inputs
    /// had.
    package init(digits: Int = 0) {
      precondition(0...mostDigits ~= digits, "\(digits) digits behind the point")
      leastDigits = digits
    }

    package mutating func append(_ values: Span<Double>) {
      var next = 0
      while next < values.count {
        if pending.fill(from: values, at: &next) { finishBlock() }
      }
    }

    package mutating func takePieces() -> [Piece] { writer.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish() -> EncodedColumn {
      if !pending.values.isEmpty { finishBlock() }
      let digits = isCommon ? common ?? patterns : patterns
      let head = ColumnHead(.doubles, parameter: digits, count: count)
      return EncodedColumn(head: head.bytes, pieces: writer.finish())
    }

    private mutating func finishBlock() {
      // Numbers too large for the digits of the column may have fewer.
      let values = pending.values
      let digits =
        DoubleBlocks.digits(of: values.span, from: leastDigits)
        ?? DoubleBlocks.digits(of: values.span, from: 0)
      let numbers = values.map { value in
        guard let digits else { return Int64(bitPattern: value.bitPattern) }
        return DoubleBlocks.scaled(value, digits: digits) ?? 0
      }
      let kind = digits.map { UInt8($0) } ?? patterns
      var block = [kind]
      PackedBlock.append(numbers.span, to: &block)
      writer.append(block)
      isCommon = isCommon && kind != patterns && kind == common ?? kind
      common = kind
      count += values.count
      pending.removeAll()
    }
  }

  /// The fewest digits, of at least these, with which every value is a whole number.
  static func digits(of values: Span<Double>, from least: Int) -> Int? {
    var digits = least
    var index = 0
    while index < values.count {
      if scaled(values[index], digits: digits) == nil {
        digits += 1
        guard digits <= mostDigits else { return nil }
        // Values before may be too large for one digit more.
        index = 0
      } else {
        index += 1
      }
    }
    return digits
  }

  /// The value times 10^digits, if dividing that again gives the same bits.
  @inline(__always)
  static func scaled(_ value: Double, digits: Int) -> Int64? {
    let product = value * powers[digits]
    // Not for NaN and infinities either.
    guard abs(product) <= Double(exactLimit) else { return nil }
    let number = rounded(product)
    return (double(number) / powers[digits]).bitPattern == value.bitPattern ? number : nil
  }
}
