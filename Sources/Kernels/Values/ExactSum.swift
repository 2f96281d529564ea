import Query

/// A sum of numbers of both kinds that does not depend on their order: integers in 128 bits, doubles
/// as parts that do not overlap, rounded once at the end. Two parts hold sums of what people count;
/// what they do not hold goes to a list of its own.
struct ExactSum: Sendable {
  private(set) var count = 0
  private var integers: Int128 = 0
  private var high = 0.0
  private var low = 0.0
  private var doubles = 0
  private var rest: [Double]?

  @inline(__always)
  mutating func add(_ number: Number) {
    count &+= 1
    if number.kind == .integer {
      integers &+= Int128(number.integer)
    } else {
      doubles &+= 1
      add(number.double)
    }
  }

  @inline(__always)
  private mutating func add(_ number: Double) {
    let (sum, error) = Self.twoSum(high, number)
    let (small, left) = Self.twoSum(low, error)
    high = sum
    low = small
    if left != 0 { keep(left) }
  }

  @inline(never)
  private mutating func keep(_ number: Double) { rest = Self.adding(number, to: rest ?? []) }

  @inline(__always)
  private static func twoSum(_ left: Double, _ right: Double) -> (Double, Double) {
    let sum = left + right
    let part = sum - left
    return (sum, (left - (sum - part)) + (right - part))
  }

  /// Shewchuk: parts that do not overlap, the smallest first.
  private static func adding(_ number: Double, to parts: [Double]) -> [Double] {
    var high = number
    var result: [Double] = []
    for part in parts {
      let (sum, error) = twoSum(high, part)
      if error != 0 { result.append(error) }
      high = sum
    }
    result.append(high)
    return result
  }

  mutating func add(_ other: ExactSum) {
    count += other.count
    integers += other.integers
    doubles += other.doubles
    for part in [other.high, other.low] + (other.rest ?? []) where part != 0 { add(part) }
  }

  var value: Value {
    if doubles == 0, let sum = Int64(exactly: integers) { return .integer(sum) }
    var parts: [Double] = []
    for part in (rest ?? []) + [low, high, Double(integers)] {
      parts = Self.adding(part, to: parts)
    }
    let sum = parts.reduce(0, +)
    return sum.isFinite ? .double(sum) : .null
  }

  var average: Value {
    guard count > 0 else { return .null }
    let average = (value.number ?? .infinity) / Double(count)
    return average.isFinite ? .double(average) : .null
  }
}

/// The least and the greatest number, exact whatever the kinds.
struct Extremes: Sendable {
  private var integers: ClosedRange<Int64>?
  private var doubles: ClosedRange<Double>?

  @inline(__always)
  mutating func add(_ number: Number) {
    if number.kind == .integer {
      let integer = number.integer
      let known = integers ?? integer...integer
      integers = min(known.lowerBound, integer)...max(known.upperBound, integer)
    } else if !number.double.isNaN {
      let double = number.double
      let known = doubles ?? double...double
      doubles = min(known.lowerBound, double)...max(known.upperBound, double)
    }
  }

  mutating func add(_ other: Extremes) {
    if let range = other.integers {
      let known = integers ?? range
      integers = min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
    }
    if let range = other.doubles {
      let known = doubles ?? range
      doubles = min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
    }
  }

  var least: Value {
    [integers.map { Value.integer($0.lowerBound) }, doubles.map { Value.double($0.lowerBound) }]
      .compactMap { $0 }.min()?.grouped ?? .null
  }
  var greatest: Value {
    [integers.map { Value.integer($0.upperBound) }, doubles.map { Value.double($0.upperBound) }]
      .compactMap { $0 }.max()?.grouped ?? .null
  }
}
