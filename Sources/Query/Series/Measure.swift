/// What a series says of the events of one piece of time.
///
/// Numbers are what a property's value is; other values do not take part, nor do events without one.
/// Of no numbers the sum is 0, and there is no average, least, greatest or percentile.
package enum Measure: Equatable, Sendable {
  /// How many events, with or without a person.
  case events
  /// How many people, each once. Events without a person have none.
  case people
  /// How many people in so many calendar days, the last of which is the piece's last day: so by day
  /// and with 7 they are those of the week that ends with each day. Looks back before the range.
  case rollingPeople(days: Int)
  /// Events that have a person, for each person who has any.
  case eventsPerPerson
  /// Integers are added exactly, and their sum is one while 64 bits hold it. Doubles are added in any
  /// order.
  case sum(PropertyPath)
  case average(PropertyPath)
  case minimum(PropertyPath)
  case maximum(PropertyPath)
  case percentile(PropertyPath, Quantile)

  package static let rollingDays = 1...366

  package var countsPeople: Bool {
    switch self {
    case .people, .rollingPeople, .eventsPerPerson: true
    case .events, .sum, .average, .minimum, .maximum, .percentile: false
    }
  }

  /// The property whose numbers are measured.
  package var path: PropertyPath? {
    switch self {
    case .events, .people, .rollingPeople, .eventsPerPerson: nil
    case .sum(let path), .average(let path), .minimum(let path), .maximum(let path),
      .percentile(let path, _):
      path
    }
  }

  /// What it is where nothing happened.
  package var ofNothing: Value {
    switch self {
    case .events, .people, .rollingPeople, .sum: 0
    case .eventsPerPerson, .average, .minimum, .maximum, .percentile: .null
    }
  }
}

/// Which part of the numbers lies below: 0.5 for the median.
package struct Quantile: Hashable, Sendable {
  package let part: Double

  package init(_ part: Double) throws(QuestionProblem) {
    guard (0...1).contains(part) else { throw .operand("a percentile is a part from 0 to 1") }
    self.part = part
  }

  /// Where it lies among so many sorted numbers: a place (n − 1)·q, of which `fraction` is what is
  /// beyond the place `below`.
  package func place(among count: Int) -> (below: Int, fraction: Double) {
    precondition(count > 0, "no numbers, no percentile")
    let place = Double(count - 1) * part
    let below = min(Int(place), count - 1)
    return (below, below == count - 1 ? 0 : place - Double(below))
  }

  /// Between two neighbours on a straight line, without a sum that no double holds.
  package static func interpolated(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
    if fraction == 0 || low == high { return low }
    let distance = high - low
    return distance.isFinite
      ? low + distance * fraction : low * (1 - fraction) + high * fraction
  }
}
