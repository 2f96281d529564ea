/// What kernels ask of people before they look at rows: which names a person's events have, and the
/// visits, each a stretch of events with no more than 30 minutes between one and the next. It is derived
/// from the rows once, when a section is first asked about its people; operations on profiles are no
/// events and leave no trace in it.
package struct RunFacts: Sendable {
  /// Bit n: the person has an event of the section's name n; bit 63 stands for all names from 63 on.
  package let masks: Cells<UInt64>
  /// Where the visits of each person begin, and one more for the end.
  package let firstVisits: Cells<UInt32>
  package let starts: Cells<Int64>
  package let ends: Cells<Int64>
  package let eventCounts: Cells<UInt32>
  /// By visit: how many of its events are pages or screens, and how many others are things that
  /// somebody did.
  package let viewCounts: Cells<UInt32>
  package let actCounts: Cells<UInt32>

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
    /// By head: 1 for a view, 2³² for an act.
    private let sorts: [UInt64]
    private var masks: [UInt64] = []
    private var firstVisits: [UInt32] = [0]
    private var starts: [Int64] = []
    private var ends: [Int64] = []
    private var eventCounts: [UInt32] = []
    private var viewCounts: [UInt32] = []
    private var actCounts: [UInt32] = []
    private var run = 0
    private var row = 0
    private var mask: UInt64 = 0
    private var start: Int64 = 0
    private var last: Int64 = .min
    private var events: UInt32 = 0
    private var sums: UInt64 = 0

    init(_ runs: PersonRuns, bits: [UInt64], heads: [EventHead]) {
      self.runs = runs
      self.bits = bits
      sorts = heads.map { $0.isView ? 1 : ($0.isAct ? 1 << 32 : 0) }
      masks.reserveCapacity(runs.count)
      firstVisits.reserveCapacity(runs.count + 1)
    }

    mutating func add(heads: Span<UInt32>, times: Span<Int64>) {
      // Copies of the arrays' references: what is lent by `self` would bar it from changing.
      let (firstRows, ownBits, ownSorts) = (runs.firstRows, self.bits, self.sorts)
      let bits = ownBits.span
      let sorts = ownSorts.span
      var index = 0
      while index < heads.count, run < runs.count {
        let end = min(heads.count, index &+ Int(firstRows[run &+ 1]) &- row)
        row &+= end &- index
        while index < end {
          let bit = bits[Int(heads[index])]
          mask |= bit
          if bit != 0 {
            let time = times[index]
            if events == 0
              || UInt64(bitPattern: time &- last) > UInt64(bitPattern: RunFacts.visitGap)
            {
              closeVisit()
              start = time
            }
            events &+= 1
            sums &+= sorts[Int(heads[index])]
            last = time
          }
          index &+= 1
        }
        if row == Int(firstRows[run &+ 1]) { closeRun() }
      }
    }

    private mutating func closeVisit() {
      guard events > 0 else { return }
      starts.append(start)
      ends.append(last)
      eventCounts.append(events)
      viewCounts.append(UInt32(truncatingIfNeeded: sums))
      actCounts.append(UInt32(truncatingIfNeeded: sums >> 32))
      events = 0
      sums = 0
    }

    private mutating func closeRun() {
      closeVisit()
      masks.append(mask)
      firstVisits.append(UInt32(truncatingIfNeeded: starts.count))
      mask = 0
      last = .min
      run &+= 1
    }

    consuming func finish() -> RunFacts {
      RunFacts(
        masks: Cells(masks), firstVisits: Cells(firstVisits), starts: Cells(starts),
        ends: Cells(ends), eventCounts: Cells(eventCounts), viewCounts: Cells(viewCounts),
        actCounts: Cells(actCounts))
    }
  }
}
