import Calendar
import Query
import Sections

/// One thread's readers of a section.
final class SeriesScan: SeriesBlock {
  let reader: BlockReader
  /// Nil for those that go by heads.
  let filters: [BlockFilter?]
  let assignment: BlockFilter?
  private var groups: [RowValues<GroupColumn>]
  private var numbers: [RowValues<NumberColumn>?]
  private let pass: SeriesPass
  private var tupleOf: [[UInt32]: UInt32] = [:]
  private var loaded = -1
  /// Every row of a block.
  private let everything = RowList()

  /// `people`: whether its rows are somebody's, whose runs say what some filters ask.
  init(
    _ pass: SeriesPass, _ section: Section, number: Int, people: Bool
  ) throws(SectionProblem) {
    self.pass = pass
    let plan = pass.plan
    reader = try BlockReader(section)
    var filters: [BlockFilter?] = []
    var heads = [UInt8](repeating: 0, count: section.heads.count)
    for (place, filter) in plan.filters.enumerated() {
      guard !pass.isByHeads[place], !(people && pass.isByRuns(place, of: section)) else {
        filters.append(nil)
        continue
      }
      let own = try BlockFilter(filter, section: number, reader)
      for head in heads.indices where !own.isEmpty { heads[head] |= own.heads[head] }
      filters.append(own)
    }
    var assignment: BlockFilter?
    if let filter = plan.assignment, !pass.assignsByHeads {
      assignment = try BlockFilter(filter, section: number, reader)
    }
    self.assignment = assignment
    for head in heads.indices { heads[head] |= assignment?.heads[head] ?? 0 }
    let live = heads.indices.filter { heads[$0] == 1 }
    var groups: [RowValues<GroupColumn>] = []
    for path in plan.question.breakdown?.paths ?? [] where !pass.assignsByHeads {
      groups.append(
        try PathValues.groups(
          at: path, heads: live, of: reader, pass.numbers, section: number, plan.profiles))
    }
    var numbers: [RowValues<NumberColumn>?] = []
    for (place, path) in plan.paths.enumerated() {
      numbers.append(
        pass.reads(path: place)
          ? try PathValues.numbers(
            at: path, heads: live, of: reader, section: number, plan.profiles) : nil)
    }
    self.filters = filters
    self.groups = groups
    self.numbers = numbers
    super.init()
    BlockLoops.count(into: everything)
  }

  /// Whether no filter goes by rows here.
  var isIdle: Bool { filters.allSatisfy { $0 == nil } && assignment == nil }

  override func chosen(byFilter number: Int) -> ChosenObjects? {
    filters[number].map { ChosenObjects(places: $0.rows, count: $0.count) }
  }

  /// Goes to a block; whether any filter has rows in it.
  func load(_ block: Int) throws(SectionProblem) -> Bool {
    try reader.load(block)
    var hasAny = false
    for filter in filters { if let filter, try filter.load(reader) > 0 { hasAny = true } }
    return hasAny
  }

  /// Finds piece and group of every row of the block.
  func place() throws(SectionProblem) {
    guard loaded != reader.block else { return }
    loaded = -1
    if pass.pieces > 1, let table = pass.plan.pieces.table {
      let times = reader.times.values
      // SAFETY: the buffer has room for a block, and nobody else has it meanwhile.
      let buffer = unsafe UnsafeMutableBufferPointer(start: pieceOf.start, count: reader.count)
      var target = unsafe buffer.mutableSpan
      table.indexes(of: times.span.extracting(first: reader.count), into: &target)
    }
    if pass.plan.assignment == nil { try placeGroups() }
    loaded = reader.block
  }

  /// The numbers of the values at a path of the breakdown, by row.
  func values(ofPath path: Int) throws(SectionProblem) -> BlockBuffer<GroupNumber> {
    try groups[path].load(reader)
    return groups[path].values
  }

  /// The numbers at a path that is added up, by row.
  override func numbers(ofPath path: Int) throws(SectionProblem) -> BlockBuffer<Number> {
    try numbers[path]?.load(reader)
    return numbers[path]?.values ?? BlockBuffer(repeating: .absent)
  }

  private func placeGroups() throws(SectionProblem) {
    guard let first = groups.first else { return }
    for path in groups.indices { try groups[path].load(reader) }
    if groups.count == 1 {
      let rows = ChosenObjects(places: everything, count: reader.count)
      return pass.grouping.groups(of: first.values, rows, into: groupOf)
    }
    for row in 0..<reader.count {
      groupOf[row] = group(of: groups.map { $0.values[row].known })
    }
  }

  /// The group of a combination of values.
  func group(of values: [UInt32]) -> UInt32 {
    let number: UInt32
    if let tuples = pass.tuples {
      if let known = tupleOf[values] {
        number = known
      } else {
        number = tuples.number(of: values)
        tupleOf[values] = number
      }
    } else {
      number = values[0]
    }
    return pass.grouping.group(ofNumber: number)
  }
}
