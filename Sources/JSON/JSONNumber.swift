/// A number as Tributary keeps them: exact where it is written without point and exponent and fits
/// 64 bits (`-0` is 0), and otherwise the nearest double, ties to even. One that has no finite
/// nearest double is refused.
package enum JSONNumber: Equatable, Sendable {
  case integer(Int64)
  case double(Double)

  package var double: Double {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    }
  }
}

/// A number's written form, validated: its digits as one integer and where the point belongs.
struct NumberShape {
  var end: Int
  var isNegative = false
  /// No point and no exponent.
  var isInteger = true
  /// The digits, leading zeros apart; only right while `digits` is at most 19.
  var mantissa: UInt64 = 0
  var digits = 0
  var fractionDigits = 0
  /// As written; far beyond what any count of digits can make up for, only its sign is right.
  var exponent = 0

  /// The value is below ten to this power.
  var magnitude: Int { digits &- fractionDigits &+ exponent }
}

extension JSONScan {
  /// Reads the number at `start` by the grammar, without computing what it is worth.
  @inline(__always)
  static func shape(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> NumberShape {
    var shape = NumberShape(end: start)
    if try byte(bytes, at: start) == UInt8(ascii: "-") {
      shape.isNegative = true
      shape.end &+= 1
    }
    let first = try byte(bytes, at: shape.end)
    guard isDigit(first) else { throw JSONError(.badNumber, at: shape.end) }
    if first == UInt8(ascii: "0") {
      shape.end &+= 1
      if shape.end < bytes.count, isDigit(bytes[shape.end]) {
        throw JSONError(.badNumber, at: shape.end)
      }
    } else {
      readDigits(bytes, &shape)
    }
    guard shape.end < bytes.count else { return shape }
    var next = bytes[shape.end]
    if next == UInt8(ascii: ".") {
      shape.isInteger = false
      shape.end &+= 1
      let fraction = shape.end
      readDigits(bytes, &shape)
      try requireProgress(bytes, from: fraction, shape)
      shape.fractionDigits = shape.end &- fraction
      guard shape.end < bytes.count else { return shape }
      next = bytes[shape.end]
    }
    if next | 0x20 == UInt8(ascii: "e") { try readExponent(bytes, &shape) }
    return shape
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  @inline(__always)
  private static func readDigits(_ bytes: Span<UInt8>, _ shape: inout NumberShape) {
    while shape.end < bytes.count, isDigit(bytes[shape.end]) {
      shape.mantissa = shape.mantissa &* 10 &+ UInt64(bytes[shape.end] &- UInt8(ascii: "0"))
      if shape.digits != 0 || shape.mantissa != 0 { shape.digits &+= 1 }
      shape.end &+= 1
    }
  }

  private static func readExponent(
    _ bytes: Span<UInt8>, _ shape: inout NumberShape
  ) throws(JSONError) {
    shape.isInteger = false
    shape.end &+= 1
    let sign = try byte(bytes, at: shape.end)
    let isNegative = sign == UInt8(ascii: "-")
    if isNegative || sign == UInt8(ascii: "+") { shape.end &+= 1 }
    let start = shape.end
    var exponent = 0
    while shape.end < bytes.count, isDigit(bytes[shape.end]) {
      let digit = Int(bytes[shape.end] &- UInt8(ascii: "0"))
      if exponent < 1 << 50 { exponent = exponent &* 10 &+ digit }
      shape.end &+= 1
    }
    try requireProgress(bytes, from: start, shape)
    shape.exponent = isNegative ? -exponent : exponent
  }

  @inline(__always)
  private static func requireProgress(
    _ bytes: Span<UInt8>, from start: Int, _ shape: NumberShape
  ) throws(JSONError) {
    guard shape.end == start else { return }
    _ = try byte(bytes, at: start)
    throw JSONError(.badNumber, at: start)
  }
}

extension NumberShape {
  /// The number that these bytes, which this shape was read from, are worth.
  func value(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> JSONNumber {
    if isInteger, digits <= 19, let value = integer { return .integer(value) }
    return .double(try double(bytes, from: start))
  }

  /// Refuses what `value` refuses, and mostly without computing it.
  @inline(__always)
  func requireFinite(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) {
    if magnitude > 308 { _ = try double(bytes, from: start) }
  }

  /// Nineteen digits always fit 64 bits without a sign.
  private var integer: Int64? {
    guard isNegative else { return Int64(exactly: mantissa) }
    guard mantissa <= Int64.min.magnitude else { return nil }
    return Int64(truncatingIfNeeded: 0 &- mantissa)
  }

  private func double(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Double {
    // Both factors are exact doubles, so one rounding is the only one (Clinger's fast path).
    let power = exponent &- fractionDigits
    if digits <= 19, mantissa <= 1 << 53, power.magnitude <= 22 {
      let scale = Self.powersOfTen[Int(power.magnitude)]
      let value = power < 0 ? Double(mantissa) / scale : Double(mantissa) * scale
      return isNegative ? -value : value
    }
    let text = unsafe bytes.extracting(start..<end).withUnsafeBufferPointer {
      unsafe String(decoding: $0, as: UTF8.self)
    }
    guard let value = Double(text) else { throw JSONError(.badNumber, at: start) }
    guard value.isFinite else { throw JSONError(.numberTooLarge, at: start) }
    return value
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
