import Calendar
import Query
import Sections

/// How the rows of a pass are put into groups.
enum Grouping: Sendable {
  case whole
  /// By the numbers that values get when they are met; more groups than the limit end the pass.
  case met(limit: Int?)
  /// By a table of numbers; what it does not have is the group `rest`.
  case fixed([UInt32], count: Int, rest: UInt32)
}

/// What a pass needs to know besides its plan.
struct SeriesPass: Sendable {
  let plan: SeriesPlan
  let grouping: Grouping
  /// Only totals of the first series, for the sizes of groups.
  let isSizing: Bool
  let numbers: ValueNumbers
  let tuples: GroupTuples?
  /// By filter: whether it goes by heads.
  let isByHeads: [Bool]
  /// Whether what people are given their groups by is read head by head.
  let assignsByHeads: Bool

  init(
    plan: SeriesPlan, grouping: Grouping, isSizing: Bool, numbers: ValueNumbers,
    tuples: GroupTuples?
  ) {
    self.plan = plan
    self.grouping = grouping
    self.isSizing = isSizing
    self.numbers = numbers
    self.tuples = tuples
    isByHeads = Self.filtersByHeads(plan)
    assignsByHeads = Self.assignsByHeads(plan)
  }

  /// How the values of groups are numbered.
  var groups: GroupContext { GroupContext(numbers: numbers) }

  /// Whether people have to be told apart for what is read.
  var knowsPeople: Bool {
    plan.assignment != nil
      || gauges.contains { gauge in
        switch plan.gauges[gauge].kind {
        case .personEvents, .people, .rolling: true
        case .events, .sum, .extremes, .list: false
        }
      }
  }

  var pieces: Int { isSizing ? 1 : plan.pieces.count }

  /// How many groups have been met.
  var groupCount: Int {
    switch grouping {
    case .whole: 1
    case .met: tuples?.count ?? numbers.count
    case .fixed(_, let count, _): count
    }
  }

  /// No group has this number or one above; nil where nobody knows.
  var groupLimit: Int? {
    switch grouping {
    case .whole: 1
    case .met(let limit): limit.map { $0 + 2 }
    case .fixed(_, let count, _): count
    }
  }

  /// The gauges that are read.
  var gauges: [Int] {
    isSizing ? plan.gaugesOfSeries[0] : Array(plan.gauges.indices)
  }
}

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
  }

  /// Whether no filter goes by rows here.
  var isIdle: Bool { filters.allSatisfy { $0 == nil } && assignment == nil }

  override func rows(ofFilter number: Int) -> (RowList, Int)? {
    filters[number].map { ($0.rows, $0.count) }
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
      switch pass.grouping {
      case .fixed(let table, _, let rest):
        for row in 0..<reader.count {
          let number = Self.known(first.values[row])
          groupOf[row] = Int(number) < table.count ? table[Int(number)] : rest
        }
      case .met, .whole:
        Self.copy(first.values, reader.count, into: groupOf)
      }
      return
    }
    for row in 0..<reader.count {
      groupOf[row] = group(of: groups.map { Self.known($0.values[row]) })
    }
  }

  private static func copy(
    _ values: BlockBuffer<GroupNumber>, _ count: Int, into groups: BlockBuffer<UInt32>
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now.
    let (values, groups) = unsafe (values.start, groups.start)
    var row = 0
    while row < count {
      let number = unsafe values[row].number
      unsafe groups[row] = number == GroupNumber.absent.number ? ValueNumbers.none : number
      row &+= 1
    }
  }

  @inline(__always)
  private static func known(_ value: GroupNumber) -> UInt32 {
    value.number == GroupNumber.absent.number ? ValueNumbers.none : value.number
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
    guard case .fixed(let table, _, let rest) = pass.grouping else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }
}
