import Calendar
import Events
import Query
import Sections

/// What a pass counts at once: the rows of a block, or objects of one head that lie side by side.
class SeriesBlock {
  /// By row or object: its group, and its piece.
  final let groupOf: BlockBuffer<UInt32>
  final let pieceOf: BlockBuffer<UInt32>

  init(
    groupOf: BlockBuffer<UInt32> = BlockBuffer(repeating: 0),
    pieceOf: BlockBuffer<UInt32> = BlockBuffer(repeating: 0)
  ) {
    self.groupOf = groupOf
    self.pieceOf = pieceOf
  }

  /// Those that a filter means, and how many; nil where it is not asked here.
  func rows(ofFilter number: Int) -> (RowList, Int)? { nil }

  /// The numbers at a path that is added up, by row or object.
  func numbers(ofPath path: Int) throws(SectionProblem) -> BlockBuffer<Number> {
    BlockBuffer(repeating: .absent)
  }
}

/// One thread's reader of one head of a section, for the filters of a pass that go by heads.
final class HeadScan: SeriesBlock {
  /// What the scans of a thread share, since it works on one at a time.
  struct Room {
    let chunk = HeadChunk.Room()
    let groupOf = BlockBuffer<UInt32>(repeating: 0)
    let pieceOf = BlockBuffer<UInt32>(repeating: 0)
  }

  let chunk: HeadChunk
  private let filters: [HeadFilter?]
  private let pass: SeriesPass
  private var group: HeadGroup
  private var numbers: [ObjectValues<NumberColumn>?]
  private var loadedNumbers: [Bool]

  /// Nil where the pass means no object of the head.
  init?(
    _ pass: SeriesPass, _ section: Section, number: Int, head: Int, in room: Room
  ) throws(SectionProblem) {
    guard
      zip(pass.plan.filters, pass.isByHeads).contains(where: {
        $1 && $0.names(section.heads[head])
          && $0.holdsAll(of: section.directory.times) != nil
      })
    else { return nil }
    self.pass = pass
    chunk = try HeadChunk(head, of: section, in: room.chunk)
    var filters: [HeadFilter?] = []
    for (filter, isByHeads) in zip(pass.plan.filters, pass.isByHeads) {
      filters.append(isByHeads ? try HeadFilter(filter, section: number, chunk) : nil)
    }
    self.filters = filters
    group = try HeadGroup(pass, chunk)
    numbers = []
    for path in pass.plan.paths.indices {
      var values: ObjectValues<NumberColumn>?
      if pass.reads(path: path), case .key(.props, let keys) = pass.plan.paths[path].place {
        values = try ObjectValues(props: keys, chunk, ())
      }
      numbers.append(values)
    }
    loadedNumbers = numbers.map { _ in false }
    super.init(groupOf: room.groupOf, pieceOf: room.pieceOf)
    if filters.allSatisfy({ $0 == nil }) { return nil }
  }

  override func rows(ofFilter number: Int) -> (RowList, Int)? {
    filters[number].map { ($0.rows, $0.count) }
  }

  /// Goes to other objects; whether some filter means any.
  func load(_ objects: Range<Int>) throws(SectionProblem) -> Bool {
    chunk.load(objects)
    for path in loadedNumbers.indices { loadedNumbers[path] = false }
    var hasAny = false
    for filter in filters {
      if let filter, try filter.load(chunk) > 0 { hasAny = true }
    }
    return hasAny
  }

  /// Finds piece and group of every object.
  func place() throws(SectionProblem) {
    if pass.pieces > 1, let table = pass.plan.pieces.table {
      try chunk.findTimes()
      // SAFETY: both buffers have room for a chunk, and nobody else has them meanwhile.
      let times = unsafe UnsafeBufferPointer(start: chunk.times.start, count: chunk.count)
      let buffer = unsafe UnsafeMutableBufferPointer(start: pieceOf.start, count: chunk.count)
      var target = unsafe buffer.mutableSpan
      table.indexes(of: unsafe times.span, into: &target)
    }
    try group.load(chunk, into: groupOf)
  }

  override func numbers(ofPath path: Int) throws(SectionProblem) -> BlockBuffer<Number> {
    if !loadedNumbers[path] {
      try numbers[path]?.load(chunk.objects)
      loadedNumbers[path] = true
    }
    return numbers[path]?.values ?? BlockBuffer(repeating: .absent)
  }
}

/// The groups of the objects of one head.
private struct HeadGroup {
  private let grouping: Grouping
  private let constant: UInt32
  private var props: ObjectValues<GroupColumn>?
  private var shared: ObjectValues<GroupColumn>?

  init(_ pass: SeriesPass, _ chunk: HeadChunk) throws(SectionProblem) {
    grouping = pass.grouping
    let head = chunk.section.heads[chunk.head]
    var number = ValueNumbers.none
    if pass.plan.assignment == nil, let path = pass.plan.question.breakdown?.paths.first {
      switch path.place {
      case .key(.props, let keys): props = try ObjectValues(props: keys, chunk, pass.groups)
      case .key(.ctx, let keys): shared = try ObjectValues(ctx: keys, chunk, pass.groups)
      case .field(.name): number = pass.numbers.number(of: .string(head.name))
      case .field(.kind): number = pass.numbers.number(of: .string(String(describing: head.kind)))
      case .field(.interactive):
        number = pass.numbers.number(of: .bool(head.flags.contains(.interactive)))
      default: preconditionFailure("a head has no groups by \(path)")
      }
      number = grouping.group(ofNumber: number)
    }
    constant = number
  }

  mutating func load(
    _ chunk: HeadChunk, into groups: BlockBuffer<UInt32>
  ) throws(SectionProblem) {
    if props != nil {
      try props?.load(chunk.objects)
      guard let values = props?.values else { return }
      grouping.groups(of: values, chunk.count, into: groups)
    } else if shared != nil {
      try chunk.forEachShared { (numbers, objects) throws(SectionProblem) in
        try shared?.load(numbers)
        guard let values = shared?.values else { return }
        grouping.groups(
          of: values, at: chunk.shared, from: numbers.lowerBound, objects, into: groups)
      }
    } else {
      BlockLoops.fill(groups, chunk.count, with: constant)
    }
  }
}

extension ObjectValues {
  /// The values that the objects of a head have at a path of their properties; nil where none has one.
  init?(
    props keys: [String], _ chunk: HeadChunk, _ context: Column.Context
  ) throws(SectionProblem) {
    let directory = chunk.section.directory
    let table = try chunk.section.props(ofHead: chunk.head)
    let plan = PathPlan(
      PathFields(SectionField.props, keys, in: directory), in: table, of: directory)
    if plan.isAbsent { return nil }
    try self.init(plan, in: table, chunk.decompressor, context)
  }

  init?(
    ctx keys: [String], _ chunk: HeadChunk, _ context: Column.Context
  ) throws(SectionProblem) {
    let directory = chunk.section.directory
    let table = try chunk.section.ctx()
    let plan = PathPlan(PathFields(SectionField.ctx, keys, in: directory), in: table, of: directory)
    if plan.isAbsent { return nil }
    try self.init(plan, in: table, chunk.decompressor, context)
  }
}

extension Grouping {
  func group(ofNumber number: UInt32) -> UInt32 {
    guard case .fixed(let table, _, let rest) = self else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }

  func groups(
    of values: BlockBuffer<GroupNumber>, _ count: Int, into groups: BlockBuffer<UInt32>
  ) {
    precondition(count >= 0 && count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now.
    let (source, target) = unsafe (values.start, groups.start)
    switch self {
    case .fixed(let table, _, let rest):
      unsafe Self.look(up: table.span, source, count, rest, into: target)
    case .met, .whole:
      var index = 0
      while index < count {
        let number = unsafe source[index].number
        unsafe target[index] = number == GroupNumber.absent.number ? ValueNumbers.none : number
        index &+= 1
      }
    }
  }

  /// SAFETY: both have `count` places.
  private static func look(
    up table: Span<UInt32>, _ source: UnsafePointer<GroupNumber>, _ count: Int, _ rest: UInt32,
    into target: UnsafeMutablePointer<UInt32>
  ) {
    var index = 0
    while index < count {
      let number = unsafe source[index].number
      let place = number == GroupNumber.absent.number ? 0 : Int(number)
      unsafe target[index] = place < table.count ? table[place] : rest
      index &+= 1
    }
  }

  /// The same for values that objects share: `values` are those of the numbers from `first` on, and
  /// become their groups.
  func groups(
    of values: BlockBuffer<GroupNumber>, at numbers: BlockBuffer<UInt32>, from first: Int,
    _ objects: Range<Int>, into groups: BlockBuffer<UInt32>
  ) {
    precondition(objects.lowerBound >= 0 && objects.upperBound <= RowList.capacity, "too many")
    let first = UInt32(truncatingIfNeeded: first)
    let (table, rest) = table
    let span = table.span
    // SAFETY: checked just now; a value's place is below the capacity.
    let (source, numbers, target) = unsafe (values.start, numbers.start, groups.start)
    var index = objects.lowerBound
    while index < objects.upperBound {
      let place = Int(unsafe numbers[index] &- first) & (RowList.capacity &- 1)
      var number = unsafe source[place].number
      if number == GroupNumber.absent.number { number = ValueNumbers.none }
      if !span.isEmpty { number = Int(number) < span.count ? span[Int(number)] : rest }
      unsafe target[index] = number
      index &+= 1
    }
  }

  /// Empty where numbers are groups.
  private var table: ([UInt32], rest: UInt32) {
    guard case .fixed(let table, _, let rest) = self else { return ([], 0) }
    return (table, rest)
  }
}

extension SeriesPass {
  /// Whether some gauge that is read adds up this path.
  func reads(path: Int) -> Bool {
    gauges.contains { gauge in
      switch plan.gauges[gauge].kind {
      case .sum(let own), .extremes(let own), .list(let own): own == path
      case .events, .personEvents, .people, .rolling: false
      }
    }
  }

  /// By filter: whether it goes by the objects of single heads instead of the rows of all. Whatever
  /// it tests and groups by has to be said by names, properties and `ctx`; and a filter that asks
  /// nothing of any event is as quick row by row.
  static func filtersByHeads(_ plan: SeriesPlan) -> [Bool] {
    let paths = plan.question.breakdown?.paths ?? []
    var groupsProperties = false
    // People have their groups whatever those are made of.
    var isPossible = plan.assignment != nil || paths.count <= 1
    for path in paths where plan.assignment == nil {
      switch path.place {
      case .key(.props, _), .key(.ctx, _): groupsProperties = true
      case .field(.name), .field(.kind), .field(.interactive): break
      default: isPossible = false
      }
    }
    return plan.filters.indices.map { number in
      let filter = plan.filters[number]
      guard isPossible, !plan.isRolling[number], filter.test.isOfHeads else { return false }
      var addsUp = false
      for gauge in plan.gauges where gauge.filter == number {
        switch gauge.kind {
        case .sum(let path), .extremes(let path), .list(let path):
          guard case .key(.props, _) = plan.paths[path].place else { return false }
          addsUp = true
        case .events, .personEvents, .people, .rolling: break
        }
      }
      return !filter.isPlain || !filter.names.isEmpty || groupsProperties || addsUp
    }
  }
}
