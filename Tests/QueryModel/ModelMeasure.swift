import Query

/// What measures make of events, each given by its person and its value.
enum ModelMeasure {
  static func value(_ measure: Measure, _ people: [PersonID?], _ values: [Value]) -> Value {
    let numbers = values.filter { $0.number != nil }
    let someone = people.compactMap { $0 }
    switch measure {
    case .events: return .integer(Int64(people.count))
    case .people, .rollingPeople: return .integer(Int64(Set(someone).count))
    case .eventsPerPerson:
      return someone.isEmpty ? .null : .double(Double(someone.count) / Double(Set(someone).count))
    case .sum: return sum(numbers)
    case .average:
      return numbers.isEmpty
        ? .null : finite((sum(numbers).number ?? .infinity) / Double(numbers.count))
    case .minimum: return numbers.min()?.grouped ?? .null
    case .maximum: return numbers.max()?.grouped ?? .null
    case .percentile(_, let quantile): return percentile(quantile, numbers)
    }
  }

  private static func percentile(_ quantile: Quantile, _ numbers: [Value]) -> Value {
    let sorted = numbers.compactMap(\.number).sorted()
    guard !sorted.isEmpty else { return .null }
    let place = Double(sorted.count - 1) * quantile.part
    let below = Int(place.rounded(.down))
    let above = Int(place.rounded(.up))
    return .double(
      Quantile.interpolated(sorted[below], sorted[above], place - place.rounded(.down)))
  }

  private static func sum(_ numbers: [Value]) -> Value {
    var integers: Int128 = 0
    var doubles: [Double] = []
    for number in numbers {
      switch number {
      case .integer(let integer): integers += Int128(integer)
      case .double(let double): doubles.append(double)
      case .null, .bool, .string: continue
      }
    }
    if doubles.isEmpty, let sum = Int64(exactly: integers) { return .integer(sum) }
    return finite(exactSum(doubles + [Double(integers)]))
  }

  /// The sum rounded once, whatever the order: partial sums that do not overlap stand for the exact
  /// one (Shewchuk).
  private static func exactSum(_ numbers: [Double]) -> Double {
    var partials: [Double] = []
    for number in numbers {
      var high = number
      var rest: [Double] = []
      for partial in partials {
        let sum = high + partial
        let (large, small) =
          high.magnitude > partial.magnitude ? (high, partial) : (partial, high)
        let error = small - (sum - large)
        if error != 0 { rest.append(error) }
        high = sum
      }
      partials = rest + [high]
    }
    return partials.reduce(0, +)
  }

  private static func finite(_ number: Double) -> Value {
    number.isFinite ? .double(number) : .null
  }
}
