import Columns
import Events

/// Puts the rows of all inputs in the order of person, time and id, and writes who the people are.
struct PersonMerge {
  private let inputs: [MergeInput]
  private let dropping: RowDropping
  private(set) var order = RowOrder()
  private(set) var personCount = 0
  private(set) var peopleRowCount = 0
  private var columns = [IntegerBlocks.Encoder(), IntegerBlocks.Encoder(), IntegerBlocks.Encoder()]
  private var waiting: [[Int64]] = [[], [], []]
  private(set) var places = [ColumnPlace(), ColumnPlace(), ColumnPlace()]

  init(_ inputs: [MergeInput], dropping: RowDropping) {
    self.inputs = inputs
    self.dropping = dropping
  }

  mutating func run(into stream: inout ExtentStream) throws(SectionProblem) {
    var open: [Int] = []
    while let person = inputs.lazy.compactMap(\.person).min() {
      open.removeAll(keepingCapacity: true)
      for input in inputs.indices where inputs[input].person == person { open.append(input) }
      let before = order.taken
      try merge(&open, dropping.times(of: person))
      for index in inputs.indices where inputs[index].person == person {
        try inputs[index].nextPerson()
      }
      if order.taken > before { try write(person, rows: order.taken - before, &stream) }
    }
    peopleRowCount = order.taken
    open = inputs.indices.filter { inputs[$0].row < inputs[$0].end }
    try merge(&open, dropping.times(of: nil))
    try flush(&stream)
    for column in columns.indices {
      try stream.finish(columns[column].finish(), in: &places[column])
    }
    order.finish()
  }

  private mutating func write(
    _ person: PersonHash, rows: Int, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    personCount += 1
    waiting[0].append(Int64(bitPattern: person.high))
    waiting[1].append(Int64(person.low))
    waiting[2].append(Int64(rows))
    if waiting[0].count == Lanes.blockCount { try flush(&stream) }
  }

  private mutating func flush(_ stream: inout ExtentStream) throws(SectionProblem) {
    for column in columns.indices {
      let values = waiting[column]
      columns[column].append(values.span)
      waiting[column].removeAll(keepingCapacity: true)
      try stream.place(columns[column].takePieces(), in: &places[column])
    }
  }

  /// Takes the rows of these inputs up to their ends, by time, then id.
  private mutating func merge(
    _ open: inout [Int], _ dropped: ClosedRange<Int64>?
  ) throws(SectionProblem) {
    while open.count > 1 {
      let (first, bound) = try first(of: open)
      // What comes next elsewhere is later than `bound`, or at `bound` and looked at again.
      let input = inputs[first]
      while true {
        let time = try input.time()
        order.append(first, dropped?.contains(time) == true ? .drop : .take, 1)
        input.step()
        if input.row == input.end { break }
        if try input.time() >= bound { break }
      }
      if input.row == input.end { open.removeAll { $0 == first } }
    }
    guard let last = open.first else { return }
    let input = inputs[last]
    guard let dropped else {
      order.append(last, .take, input.end - input.row)
      input.step(input.end - input.row)
      return
    }
    while input.row < input.end {
      order.append(last, dropped.contains(try input.time()) ? .drop : .take, 1)
      input.step()
    }
  }

  /// The input whose next row is the first of all, and the time of the next row among the others.
  private func first(of open: [Int]) throws(SectionProblem) -> (Int, bound: Int64) {
    var best = open[0]
    var bestTime = try inputs[best].time()
    var bound = Int64.max
    for candidate in open.dropFirst() {
      let time = try inputs[candidate].time()
      var isFirst = time < bestTime
      if time == bestTime {
        isFirst = try inputs[candidate].id(at: time) < inputs[best].id(at: time)
      }
      bound = min(bound, isFirst ? bestTime : time)
      if isFirst { (best, bestTime) = (candidate, time) }
    }
    return (best, bound)
  }
}
