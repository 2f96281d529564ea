package import Calendar

extension FunnelQuestion {
  package struct Content: Equatable, Sendable {
    package struct Row: Equatable, Sendable {
      package var group: Group
      /// How many subjects have each step in their chain; without an order, as many steps.
      package var reached: [Int]
      /// Who was taken out by an exclusion, and is in no step.
      package var removed: Int
      /// From the first step to the last, of all who came there; nil where nobody did.
      package var timeToConvert: TimeToConvert?
      /// To each step from the one before it that is not optional, among those who did both; nil for
      /// the first, for optional ones and where nobody did.
      package var times: [TimeToConvert?]

      package init(
        _ group: Group, reached: [Int], removed: Int, timeToConvert: TimeToConvert?,
        times: [TimeToConvert?]
      ) {
        self.group = group
        self.reached = reached
        self.removed = removed
        self.timeToConvert = timeToConvert
        self.times = times
      }

      /// The share of those at the first step who have this one, from 1; nil where nobody started.
      package func conversion(to step: Int) -> Double? {
        reached[0] == 0 ? nil : Double(reached[step - 1]) / Double(reached[0])
      }
    }

    package struct Piece: Equatable, Sendable {
      package var start: Instant
      /// Whose chain starts in this piece of the range, and whose of these is complete.
      package var entered: Int
      package var converted: Int

      package init(_ start: Instant, entered: Int, converted: Int) {
        self.start = start
        self.entered = entered
        self.converted = converted
      }
    }

    /// The whole, then the groups of a breakdown.
    package var rows: [Row]
    /// Empty without an interval.
    package var pieces: [Piece]

    package init(rows: [Row], pieces: [Piece]) {
      self.rows = rows
      self.pieces = pieces
    }
  }
}

/// How long something took, over all who did it.
package struct TimeToConvert: Equatable, Sendable {
  package var count: Int
  package var mean: Double
  /// Between the two in the middle where there are two.
  package var median: Double
  /// Bars of one width, the first beginning with the shortest time; the last holds the longest.
  package var firstBar: Int64
  package var barWidth: Int64
  package var bars: [Int]

  /// Nil of nothing. The width is the least whole number of milliseconds that needs no more bars.
  package init?(of milliseconds: [Int64], bins: Int) {
    guard let first = milliseconds.first else { return nil }
    var (shortest, longest) = (first, first)
    // In two words, so that no number of long times is too much.
    var (high, low): (Int64, UInt64) = (0, 0)
    for time in milliseconds {
      shortest = min(shortest, time)
      longest = max(longest, time)
      let (sum, carry) = low.addingReportingOverflow(UInt64(bitPattern: time))
      low = sum
      high &+= (time >> 63) &+ (carry ? 1 : 0)
    }
    count = milliseconds.count
    mean = (Double(high) * 0x1p64 + Double(low)) / Double(count)
    var times = milliseconds
    let upper = Self.select(count / 2, &times)
    // What stands before the place of the upper one is not greater.
    let lower = count % 2 == 1 ? upper : times[..<(count / 2)].max() ?? upper
    median = (Double(lower) + Double(upper)) / 2
    firstBar = shortest
    barWidth = (longest - shortest) / Int64(bins) + 1
    bars = Array(repeating: 0, count: Int((longest - shortest) / barWidth) + 1)
    for time in milliseconds { bars[Int((time - shortest) / barWidth)] += 1 }
  }

  /// The value that would stand at a place if all were in order (Hoare's selection, with the middle of
  /// three as its pivot).
  private static func select(_ place: Int, _ values: inout [Int64]) -> Int64 {
    var values = values.mutableSpan
    var (low, high) = (0, values.count - 1)
    while low < high {
      let (a, b, c) = (values[low], values[low + (high - low) / 2], values[high])
      let pivot = max(min(a, b), min(max(a, b), c))
      var (left, right) = (low, high)
      while left <= right {
        while values[left] < pivot { left += 1 }
        while values[right] > pivot { right -= 1 }
        if left <= right {
          values.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if place <= right {
        high = right
      } else if place >= left {
        low = left
      } else {
        break
      }
    }
    return values[place]
  }
}

/// What one subject did in a funnel, and what kept it from going on.
package struct FunnelExplanation: Equatable, Sendable {
  package struct Match: Equatable, Sendable {
    /// From 1.
    package var step: Int
    package var time: Int64
    /// The event's place among those that were looked at.
    package var ordinal: Int

    package init(step: Int, time: Int64, ordinal: Int) {
      self.step = step
      self.time = time
      self.ordinal = ordinal
    }
  }

  package enum End: Equatable, Sendable {
    case converted
    /// The first step never happened, or not where it counts.
    case neverStarted
    /// The next step did not happen any more.
    case nothingFollowed
    /// It did, but so long after the end of the window.
    case tooLate(ordinal: Int, milliseconds: Int64)
    /// An exclusion came first. `removed` says that this took the subject out of all steps.
    case excluded(ordinal: Int, removed: Bool)
    /// Something else came between.
    case interrupted(ordinal: Int)
  }

  package var matches: [Match]
  package var end: End

  package init(matches: [Match], end: End) {
    self.matches = matches
    self.end = end
  }
}
