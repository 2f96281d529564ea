// A column of doubles (bit patterns; every pattern is allowed):
//
//   u8        scale: 0 to 9 decimal digits, or 255: no value is a decimal
//   scale 255 the patterns, 8 bytes each, dense
//   else      varint: how many values are exceptions; if any, a bit column that names them;
//             the other values times 10^scale as an integer column; the exceptions' patterns, dense

/// Doubles that people wrote as decimals (12.5, 0.07) travel as the whole numbers they are; a value
/// is only treated so where dividing gives back its very bits.
package enum DecimalColumn {
  package static let maximumScale = 9
  static let unscaled: UInt8 = 255
  static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
  /// Whole numbers up to here are doubles, exactly.
  static let exactLimit: Double = 9_007_199_254_740_992

  package static func encode(_ patterns: [UInt64], into writer: inout ColumnWriter) {
    // The scale most values need: the largest needed by any that has one, unless that makes the
    // others too large, which only shows as exceptions.
    var scale = -1
    for pattern in patterns {
      guard let needed = smallestScale(of: pattern, from: max(scale, 0)) else { continue }
      scale = max(scale, needed)
    }
    guard scale >= 0 else {
      writer.codes.append(unscaled)
      appendPatterns(patterns, into: &writer)
      return
    }
    var isException: [Bool] = []
    isException.reserveCapacity(patterns.count)
    var whole: [Int64] = []
    var exceptions: [UInt64] = []
    for pattern in patterns {
      if let number = scaled(pattern, by: scale) {
        whole.append(number)
        isException.append(false)
      } else {
        exceptions.append(pattern)
        isException.append(true)
      }
    }
    writer.codes.append(UInt8(scale))
    writer.append(count: exceptions.count)
    if !exceptions.isEmpty { BitColumn.encode(isException, into: &writer) }
    IntegerColumn.encode(whole, into: &writer)
    appendPatterns(exceptions, into: &writer)
  }

  package static func decode(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt64] {
    let start = reader.codes.position
    let scale = try reader.codes.byte(bytes)
    if scale == unscaled { return try patterns(count, from: &reader, bytes) }
    guard scale <= maximumScale else { throw .unknownMode(scale, at: start) }
    let exceptionCount = try reader.count(bytes, atMost: count)
    let power = powers[Int(scale)]
    guard exceptionCount > 0 else {
      return try IntegerColumn.decode(count, from: &reader, bytes).map { pattern($0, power) }
    }
    let isException = try BitColumn.decode(count, from: &reader, bytes)
    guard isException.count(where: { $0 }) == exceptionCount else { throw .badNumber(at: start) }
    let whole = try IntegerColumn.decode(count - exceptionCount, from: &reader, bytes)
    let exceptions = try patterns(exceptionCount, from: &reader, bytes)
    var nextWhole = 0
    var nextException = 0
    return isException.map { isException in
      if isException {
        nextException += 1
        return exceptions[nextException - 1]
      }
      nextWhole += 1
      return pattern(whole[nextWhole - 1], power)
    }
  }

  /// The value times 10^scale, if dividing that again gives the same bits.
  @inline(__always)
  static func scaled(_ pattern: UInt64, by scale: Int) -> Int64? {
    let value = Double(bitPattern: pattern)
    let product = (value * powers[scale]).rounded()
    guard abs(product) <= exactLimit else { return nil }  // Not for NaN and infinities either.
    let whole = Int64(product)
    return Self.pattern(whole, powers[scale]) == pattern ? whole : nil
  }

  private static func smallestScale(of pattern: UInt64, from lowest: Int) -> Int? {
    var scale = lowest
    while scale <= maximumScale {
      if scaled(pattern, by: scale) != nil { return scale }
      scale += 1
    }
    return nil
  }

  @inline(__always)
  private static func pattern(_ whole: Int64, _ power: Double) -> UInt64 {
    (Double(whole) / power).bitPattern
  }

  private static func appendPatterns(_ patterns: [UInt64], into writer: inout ColumnWriter) {
    writer.dense.append(addingCapacity: patterns.count * 8) { output in
      for pattern in patterns {
        for byte in 0..<8 { output.append(UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte))) }
      }
    }
  }

  private static func patterns(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt64] {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: 8)
    guard !overflow else { throw .truncated(at: reader.dense.position) }
    let part = bytes.extracting(try reader.dense.take(byteCount))
    return [UInt64](capacity: count) { output in
      for index in 0..<count { output.append(word(part, at: index &* 8)) }
    }
  }
}

/// The eight bytes at `offset`, lowest first.
@inline(__always)
package func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
  // SAFETY: any bytes are a UInt64, and the load itself is checked against the span's end.
  unsafe UInt64(
    littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
}
