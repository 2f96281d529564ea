package import JSON

/// One scalar as events hold it and as questions name it. Integers and doubles compare as the numbers
/// they are, whatever their kinds: 1 and 1.0 are one value, and 2⁵³ + 1 is no double. Texts compare by
/// their bytes, so a letter that is written in two ways is two letters.
package enum Value: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case string(String)
}

extension Value {
  /// The scalar that a property holds; nil for objects and arrays, which are none.
  package init?(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .double(let number): self = .double(number)
    case .string(let text): self = .string(text)
    case .array, .object: return nil
    }
  }

  package var json: JSONValue {
    switch self {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .integer(let number): .integer(number)
    case .double(let number): .double(number)
    case .string(let text): .string(text)
    }
  }

  /// The value that stands for all that equal it: integers where doubles are whole.
  package var grouped: Value {
    if case .double(let number) = self, let integer = Int64(exactly: number) {
      .integer(integer)
    } else {
      self
    }
  }

  package var isNull: Bool { if case .null = self { true } else { false } }
  package var text: String? { if case .string(let text) = self { text } else { nil } }

  /// Either kind of number, as sums and averages take it.
  package var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number
    case .null, .bool, .string: nil
    }
  }
}

/// Which of two comes first.
package enum Order: Sendable { case before, same, after }

extension Value: Comparable, Hashable {
  /// The order of `self` and `other` where the question has an answer: between two numbers or two
  /// texts. Between other kinds there is none, and null has none with anything.
  package func order(against other: Value) -> Order? {
    switch (self, other) {
    case (.integer(let left), .integer(let right)): Self.order(left, right)
    case (.integer(let left), .double(let right)): Self.order(left, right)
    case (.double(let left), .integer(let right)): Self.order(right, left).reversed
    case (.double(let left), .double(let right)): Self.order(left, right)
    case (.string(let left), .string(let right)):
      left.utf8.elementsEqual(right.utf8)
        ? .same : (left.utf8.lexicographicallyPrecedes(right.utf8) ? .before : .after)
    default: nil
    }
  }

  package static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    default: left.order(against: right) == .same
    }
  }

  /// The order of lists: null, then false, true, numbers, texts.
  package static func < (left: Value, right: Value) -> Bool {
    if let order = left.order(against: right) { return order == .before }
    if case (.bool(let left), .bool(let right)) = (left, right) { return !left && right }
    return left.rank < right.rank
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let flag): hasher.combine(flag)
    case .integer(let number): hasher.combine(number)
    case .double(let number):
      // What equals an integer has to hash like it.
      if let integer = Int64(exactly: number) {
        hasher.combine(integer)
      } else {
        hasher.combine(number.isNaN ? .nan : number)
      }
    case .string(let text):
      for byte in text.utf8 { hasher.combine(byte) }
      hasher.combine(0xFF as UInt8)
    }
  }

  private var rank: Int {
    switch self {
    case .null: 0
    case .bool: 1
    case .integer, .double: 2
    case .string: 3
    }
  }

  private static func order(_ left: Int64, _ right: Int64) -> Order {
    left == right ? .same : (left < right ? .before : .after)
  }

  /// Events hold finite doubles only; what is no number comes last, so that the order is total.
  private static func order(_ left: Double, _ right: Double) -> Order {
    if left.isNaN || right.isNaN {
      return left.isNaN == right.isNaN ? .same : (right.isNaN ? .before : .after)
    }
    return left == right ? .same : (left < right ? .before : .after)
  }

  /// Without rounding the integer to a double.
  private static func order(_ left: Int64, _ right: Double) -> Order {
    if right.isNaN || right >= 0x1p63 { return .before }
    if right < -0x1p63 { return .after }
    let whole = right.rounded(.towardZero)
    let order = order(left, Int64(whole))
    return order == .same ? self.order(whole, right) : order
  }
}

extension Order {
  package var reversed: Order {
    switch self {
    case .before: .after
    case .same: .same
    case .after: .before
    }
  }
}

extension Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral,
  ExpressibleByStringLiteral, ExpressibleByNilLiteral
{
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(nilLiteral: ()) { self = .null }
}
