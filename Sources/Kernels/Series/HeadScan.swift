import Calendar
import Events
import Query
import Sections

/// One thread's reader of one head of a section, for the filters of a pass that go by heads.
final class HeadScan: SeriesBlock {
  /// What the scans of a thread share, since it works on one at a time.
  struct Room {
    let chunk = HeadChunk.Room()
    let groupOf = BlockBuffer<UInt32>(repeating: 0)
    let pieceOf = BlockBuffer<UInt32>(repeating: 0)
    fileprivate let union = RowList()
    fileprivate let mask = Mask()
    fileprivate let times = BlockBuffer<Int64>(repeating: 0)
    fileprivate let pieces = BlockBuffer<UInt32>(repeating: 0)
  }

  let chunk: HeadChunk
  /// The objects that some filter means.
  private(set) var chosen: ChosenObjects
  private let filters: [HeadFilter?]
  private let pass: SeriesPass
  private let room: Room
  private var group: HeadGroup
  private var numbers: [ObjectValues<NumberColumn>?]
  private var loadedNumbers: [Bool]

  /// Nil where the pass means no object of the head.
  init?(
    _ pass: SeriesPass, _ section: Section, number: Int, head: Int, in room: Room
  ) throws(SectionProblem) {
    guard pass.mayMean(head, of: section) else { return nil }
    self.pass = pass
    self.room = room
    chunk = try HeadChunk(head, of: section, in: room.chunk)
    var filters: [HeadFilter?] = []
    for (filter, isByHeads) in zip(pass.plan.filters, pass.isByHeads) {
      filters.append(isByHeads ? try HeadFilter(filter, section: number, chunk) : nil)
    }
    if filters.allSatisfy({ $0 == nil }) { return nil }
    self.filters = filters
    chosen = ChosenObjects(places: room.union, count: 0)
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
  }

  override func chosen(byFilter number: Int) -> ChosenObjects? { filters[number]?.chosen }

  /// Goes to other objects; whether some filter means any.
  func load(_ objects: Range<Int>) throws(SectionProblem) -> Bool {
    chunk.load(objects)
    for path in loadedNumbers.indices { loadedNumbers[path] = false }
    var parts: [ChosenObjects] = []
    for filter in filters {
      guard let filter, try filter.load(chunk) > 0 else { continue }
      parts.append(filter.chosen)
    }
    guard let first = parts.first else { return false }
    chosen = parts.count == 1 ? first : union(parts)
    return true
  }

  private func union(_ parts: [ChosenObjects]) -> ChosenObjects {
    if let all = parts.first(where: { $0.count == chunk.count }) { return all }
    BlockLoops.fill(room.mask, chunk.count, with: false)
    for part in parts { BlockLoops.mark(part.places, 0..<part.count, in: room.mask) }
    let count = BlockLoops.compact(room.mask, chunk.count, into: room.union)
    return ChosenObjects(places: room.union, count: count)
  }

  /// Finds piece and group of every object that is chosen.
  func place() throws(SectionProblem) {
    if pass.pieces > 1, let table = pass.plan.pieces.table {
      try chunk.findTimes(of: chosen)
      let (places, all) = (chosen.places, 0..<chosen.count)
      BlockLoops.gather(chunk.times, places, all, into: room.times)
      // SAFETY: there is room for a chunk, and nobody else has the buffer meanwhile.
      let buffer = unsafe UnsafeMutableBufferPointer(start: room.pieces.start, count: all.count)
      var target = unsafe buffer.mutableSpan
      room.times.withSpan(all.count) { table.indexes(of: $0, into: &target) }
      room.pieces.withSpan(all.count) { BlockLoops.scatter($0, to: places, all, into: pieceOf) }
    }
    try group.load(chunk, chosen, into: groupOf)
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
  /// By place, where neighbours share them.
  private let values = BlockBuffer<GroupNumber>(repeating: .absent)

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
    }
    constant = grouping.group(ofNumber: number)
  }

  mutating func load(
    _ chunk: HeadChunk, _ chosen: ChosenObjects, into groups: BlockBuffer<UInt32>
  ) throws(SectionProblem) {
    if props != nil {
      try props?.load(chunk.objects)
      guard let values = props?.values else { return }
      grouping.groups(of: values, chosen, into: groups)
    } else if shared != nil {
      let values = values
      try chunk.forEachShared(of: chosen) { (numbers, range) throws(SectionProblem) in
        try shared?.load(numbers)
        guard let own = shared?.values else { return }
        BlockLoops.gather(
          own, from: numbers.lowerBound, chunk.shared, chosen.places, range, into: values)
      }
      grouping.groups(of: values, chosen, into: groups)
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
