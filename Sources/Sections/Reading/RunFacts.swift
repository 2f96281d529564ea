/// What kernels ask of people before they look at rows: which names a person's events have, and the
/// visits, each a stretch of events with no more than 30 minutes between one and the next. It is derived
/// from the rows once, when a section is first asked about its people; operations on profiles are no
/// events and leave no trace in it.
package struct RunFacts: Sendable {
  /// Bit n: the person has an event of the section's name n; bit 63 stands for all names from 63 on.
  package private(set) var masks: [UInt64] = []
  /// Where the visits of each person begin, and one more for the end.
  package private(set) var firstVisits: [UInt32] = []
  package private(set) var starts: [Int64] = []
  package private(set) var ends: [Int64] = []
  package private(set) var eventCounts: [UInt32] = []

  package static let visitGap: Int64 = 30 * 60_000

  package var visitCount: Int { starts.count }

  package func visits(of run: Int) -> Range<Int> {
    Int(firstVisits[run])..<Int(firstVisits[run + 1])
  }

  /// The person's first and last event; nil for a person who only has operations.
  package func times(of run: Int) -> ClosedRange<Int64>? {
    let visits = visits(of: run)
    return visits.isEmpty ? nil : starts[visits.lowerBound]...ends[visits.upperBound - 1]
  }

  /// What rows come to that are given in their order, a block at a time.
  struct Builder {
    private let runs: PersonRuns
    /// By head: the bit of its name, 0 for an operation.
    private let bits: [UInt64]
    private var facts = RunFacts()
    private var run = 0
    private var row = 0
    private var mask: UInt64 = 0
    private var start: Int64 = 0
    private var last: Int64 = .min
    private var events: UInt32 = 0

    init(_ runs: PersonRuns, bits: [UInt64]) {
      self.runs = runs
      self.bits = bits
      facts.masks.reserveCapacity(runs.count)
      facts.firstVisits.reserveCapacity(runs.count + 1)
      facts.firstVisits.append(0)
    }

    mutating func add(heads: Span<UInt32>, times: Span<Int64>) {
      // Copies of the arrays' references: what is lent by `self` would bar it from changing.
      let (ownRows, ownBits) = (runs.firstRows, self.bits)
      let firstRows = ownRows.span
      let bits = ownBits.span
      var index = 0
      while index < heads.count, run < runs.count {
        let end = min(heads.count, index &+ Int(firstRows[run &+ 1]) &- row)
        row &+= end &- index
        while index < end {
          let bit = bits[Int(heads[index])]
          mask |= bit
          if bit != 0 {
            let time = times[index]
            if events == 0 || time &- last > RunFacts.visitGap {
              closeVisit()
              start = time
            }
            events &+= 1
            last = time
          }
          index &+= 1
        }
        if row == Int(firstRows[run &+ 1]) { closeRun() }
      }
    }

    private mutating func closeVisit() {
      guard events > 0 else { return }
      facts.starts.append(start)
      facts.ends.append(last)
      facts.eventCounts.append(events)
      events = 0
    }

    private mutating func closeRun() {
      closeVisit()
      facts.masks.append(mask)
      facts.firstVisits.append(UInt32(truncatingIfNeeded: facts.starts.count))
      mask = 0
      last = .min
      run &+= 1
    }

    consuming func finish() -> RunFacts { facts }
  }
}
