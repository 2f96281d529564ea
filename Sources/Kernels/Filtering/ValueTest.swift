import Query

/// What a leaf of a condition says of every value that may stand at its path. Conditions are in their
/// normal form, so a leaf says yes, or it does not.
struct ValueTest: Sendable {
  /// Of no value, or null.
  var absent = false
  /// Of objects and arrays.
  var other = false
  var ofFalse = false
  var ofTrue = false
  var numbers = NumberTest.none
  var texts = TextMatch.none

  /// Yes wherever there is a value.
  static let exists = ValueTest(
    absent: false, other: true, ofFalse: true, ofTrue: true, numbers: .all, texts: .all)
  static let isAbsent = ValueTest(
    absent: true, other: false, ofFalse: false, ofTrue: false, numbers: .none, texts: .none)
}

// The leaves of conditions.
extension ValueTest {
  static func compare(_ comparator: Comparator, _ operand: Value) -> ValueTest {
    let isNot = comparator == .unequal
    // What is of another kind than the operand is unequal to it, and no more can be said.
    var test = ValueTest(
      absent: false, other: isNot, ofFalse: isNot, ofTrue: isNot, numbers: isNot ? .all : .none,
      texts: isNot ? .all : .none)
    switch operand {
    case .null: break
    case .bool(let flag):
      guard !comparator.needsOrder else { break }
      test.ofFalse = flag == isNot
      test.ofTrue = flag != isNot
    case .integer, .double: test.numbers = NumberTest(comparator, operand)
    case .string(let text): test.texts = .order(comparator, Array(text.utf8))
    }
    return test
  }

  /// Whether the value is one of these, or is there and none of them.
  static func isIn(_ operands: [Value], isNot: Bool) -> ValueTest {
    var texts: [[UInt8]] = []
    var numbers: [Value] = []
    var test = ValueTest(other: isNot, ofFalse: isNot, ofTrue: isNot)
    for operand in operands {
      switch operand {
      case .null: break
      case .bool(let flag): if flag { test.ofTrue = !isNot } else { test.ofFalse = !isNot }
      case .integer, .double: numbers.append(operand)
      case .string(let text): texts.append(Array(text.utf8))
      }
    }
    test.numbers = numbers.isEmpty ? (isNot ? .all : .none) : .among(Set(numbers), isNot: isNot)
    test.texts = .among(texts.sorted { $0.lexicographicallyPrecedes($1) }, isNot: isNot)
    return test
  }

  /// Whether the value is a text that passes, or one that does not.
  static func text(_ test: TextTest, isNot: Bool) throws(QueryError) -> ValueTest {
    ValueTest(texts: try TextMatch(test, isNot: isNot))
  }
}

/// A test of numbers of either kind.
enum NumberTest: Sendable {
  case none, all
  /// Inside both bounds, or not.
  case within(ClosedRange<Int64>?, ClosedRange<Double>?, isNot: Bool)
  case among(Set<Value>, isNot: Bool)

  init(_ comparator: Comparator, _ operand: Value) {
    let isNot = comparator == .unequal
    let comparator = isNot ? .equal : comparator
    self = .within(
      Self.integers(comparator, operand), Self.doubles(comparator, operand), isNot: isNot)
  }

  /// The integers for which this holds are neighbours: found by halving what is left.
  private static func integers(_ comparator: Comparator, _ operand: Value) -> ClosedRange<Int64>? {
    let first = lowest { (Value.integer($0).order(against: operand) ?? .after) != .before }
    let behind = lowest { (Value.integer($0).order(against: operand) ?? .after) == .after }
    func below(_ bound: Int64?) -> Int64? {
      guard let bound else { return .max }
      return bound > .min ? bound - 1 : nil
    }
    let (low, high): (Int64?, Int64?) =
      switch comparator {
      case .equal, .unequal: (first, below(behind))
      case .less: (.min, below(first))
      case .lessOrEqual: (.min, below(behind))
      case .greater: (behind, .max)
      case .greaterOrEqual: (first, .max)
      }
    guard let low, let high, low <= high else { return nil }
    return low...high
  }

  /// The least integer for which this holds, as it does for all above it.
  private static func lowest(_ holds: (Int64) -> Bool) -> Int64? {
    guard holds(.max) else { return nil }
    var low = Int64.min
    var high = Int64.max
    while low < high {
      let middle = low + Int64((UInt64(bitPattern: high) &- UInt64(bitPattern: low)) / 2)
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func doubles(_ comparator: Comparator, _ operand: Value) -> ClosedRange<Double>? {
    // The nearest doubles at or below the operand, and at or above it.
    guard let nearest = operand.number else { return nil }
    let order = Value.double(nearest).order(against: operand) ?? .same
    let below = order == .after ? nearest.nextDown : nearest
    let above = order == .before ? nearest.nextUp : nearest
    let (low, high): (Double, Double) =
      switch comparator {
      case .equal, .unequal: (above, below)
      case .less: (-.infinity, order == .same ? nearest.nextDown : below)
      case .lessOrEqual: (-.infinity, below)
      case .greater: (order == .same ? nearest.nextUp : above, .infinity)
      case .greaterOrEqual: (above, .infinity)
      }
    return low <= high ? low...high : nil
  }
}
