import Query
import Sections

/// A plain funnel of people without anything beside it. Most people are told by the names that they
/// have: who lacks the first step's is none, who lacks the second's is at the first.
final class PlainFunnelTask: FlowTask {
  private let reader: FlowReader
  private let steps: FunnelSteps
  private let names: FunnelNames
  private var sink: Sink
  private var tally: FunnelTally

  init(_ reader: FlowReader, _ funnel: FunnelQuestion, _ names: FunnelNames) {
    self.reader = reader
    self.names = names
    steps = FunnelSteps(funnel)
    sink = Sink(FunnelPlan(funnel))
    tally = FunnelTally(stepCount: steps.count)
  }

  private struct Sink: FlowSink, ~Copyable {
    var matcher: PlainFunnelMatcher
    var depth = 0
    var isSatisfied = false

    init(_ plan: FunnelPlan) { matcher = PlainFunnelMatcher(plan) }

    @inline(__always)
    mutating func take(_ stretch: borrowing Stretch) {
      isSatisfied = unsafe matcher.scan(
        stretch.times, stretch.marks, count: stretch.count, depth: depth)
    }
  }

  var byteCount: Int { tally.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, names, steps, &sink, &tally)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ names: FunnelNames, _ steps: FunnelSteps,
    _ sink: inout Sink, _ tally: inout FunnelTally
  ) throws(KernelFailure) {
    var first = 0
    defer { tally.addFirsts(first) }
    var person = people.lowerBound
    while person < people.upperBound {
      let (depth, isCertain) = names.depth(of: person, reader)
      if depth > 1 || (depth == 1 && !isCertain) {
        sink.depth = depth
        sink.isSatisfied = false
        sink.matcher.begin()
        try reader.walk(person, &sink)
        let outcome = sink.matcher.finish()
        if outcome.reached == 1 {
          first &+= 1
        } else if outcome.reached > 1 {
          tally.add(outcome, steps) { sink.matcher.time(ofStep: $0) }
        }
      } else {
        first &+= depth
      }
      person &+= 1
    }
  }

  func finish() -> FunnelTally { tally }
}

/// What the names that a run has say of how far its person can come.
final class FunnelNames: Sendable {
  private let stepCount: Int
  /// Section by section, step by step: a run without one of these bits has no such event.
  private let possible: Cells<UInt64>
  /// By section: a run with one of these bits has an event of the first step in the question's time.
  private let certain: Cells<UInt64>

  init(_ source: FlowSource, stepCount: Int) {
    self.stepCount = stepCount
    var possible: [UInt64] = []
    var certain: [UInt64] = []
    for (number, section) in source.snapshot.sections.enumerated() {
      let marks = source.marks.possible(section.heads)
      let bits = section.nameBits
      for step in 0..<stepCount {
        possible.append(
          zip(bits, marks).reduce(0) { $1.1 & (1 << UInt64(step)) != 0 ? $0 | $1.0 : $0 })
      }
      let times = source.marks.scope.times
      let known = section.directory.times
      let isInside =
        source.marks.isPlain && times.lowerBound <= known.lowerBound
        && times.upperBound > known.upperBound
      // Several heads share a bit: all of them have to be the first step.
      let others = zip(bits, marks).reduce(0) { $1.1 & 1 == 0 ? $0 | $1.0 : $0 }
      certain.append(isInside ? possible[number * stepCount] & ~others : 0)
    }
    self.possible = Cells(possible)
    self.certain = Cells(certain)
  }

  /// To which step the person can come at most, and whether the first of them is sure.
  @inline(__always)
  func depth(of person: Int, _ reader: FlowReader) -> (depth: Int, isCertain: Bool) {
    // SAFETY: people, runs and sections are those of the directory.
    let start = unsafe Int(reader.firstRuns[person])
    let count = unsafe Int(reader.firstRuns[person &+ 1]) &- start
    let notes = unsafe reader.rows.notes(of: person)
    var place = 0
    var found: UInt64 = 0
    var isCertain = false
    while place < count {
      let mask = unsafe notes[place].mask
      if mask != 0 {
        let section = unsafe Int(reader.runs[start &+ place].section)
        let steps = unsafe possible.start + section &* stepCount
        var step = 0
        while step < stepCount {
          found |= unsafe (mask & steps[step] != 0 ? 1 : 0) << UInt64(step)
          step &+= 1
        }
        isCertain = unsafe isCertain || mask & certain.start[section] != 0
      }
      place &+= 1
    }
    return ((~found).trailingZeroBitCount, isCertain)
  }
}
