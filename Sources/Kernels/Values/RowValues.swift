import Columns
import Compression
import Events
import Query
import Sections

/// The values at a path for the rows of a block, whatever place the path is in. A struct, and not a class
/// for each sort of place: methods of generic classes are not specialised for their values.
struct RowValues<Column: ColumnValues> {
  typealias Element = Column.Element

  private enum Place {
    case byHead([Element])
    case bySource([Element])
    case byTime(isReceipt: Bool, (Int64) -> Element)
    case byPerson(ProfileValues<Element>)
    case elsewhere
  }

  /// By row of the block.
  let values = BlockBuffer<Element>(repeating: .absent)
  private let place: Place
  /// With both, what `ctx` has counts, and where it has nothing what the properties have.
  private var shared: SharedValues<Column>?
  private var properties: PropertyValues<Column>?
  /// For rows without a value so far.
  private var others: [RowValues] = []

  /// The same value for all rows of a head.
  init(byHead table: [Element]) { place = .byHead(table) }

  init(bySource table: [Element]) { place = .bySource(table) }

  /// Times, as a function of them.
  init(isReceipt: Bool, _ value: @escaping (Int64) -> Element) {
    place = .byTime(isReceipt: isReceipt, value)
  }

  init(_ profiles: ProfileValues<Element>) { place = .byPerson(profiles) }

  init(_ shared: SharedValues<Column>?, _ properties: PropertyValues<Column>? = nil) {
    place = .elsewhere
    self.shared = shared
    self.properties = properties
  }

  /// The same, and where there is nothing what `other` has.
  func or(_ other: RowValues) -> RowValues {
    var both = self
    both.others.append(other)
    return both
  }

  mutating func load(_ reader: BlockReader) throws(SectionProblem) {
    try loadOwn(reader)
    let values = values
    for index in others.indices {
      try others[index].load(reader)
      let more = others[index].values
      for row in 0..<reader.count where values[row].isAbsent { values[row] = more[row] }
    }
  }

  private mutating func loadOwn(_ reader: BlockReader) throws(SectionProblem) {
    let values = values
    switch place {
    case .byHead(let table): look(up: table, reader.heads.values, reader.count)
    case .bySource(let table): look(up: table, try reader.sourceCodes(), reader.count)
    case .byTime(let isReceipt, let value):
      let times = reader.times.values
      let delays = isReceipt ? try reader.receiptDelays() : []
      for row in 0..<reader.count {
        values[row] = value(isReceipt ? times[row] &+ delays[row] : times[row])
      }
    case .byPerson(let profiles): profiles.load(reader, into: values)
    case .elsewhere:
      try shared?.load(reader, into: values)
      guard properties != nil else { return }
      if shared == nil {
        try properties?.load(reader, into: values)
      } else {
        let rest = BlockBuffer<Element>(repeating: .absent)
        try properties?.load(reader, into: rest)
        for row in 0..<reader.count where values[row].isAbsent { values[row] = rest[row] }
      }
    }
  }

  private func look(up table: [Element], _ codes: [UInt32], _ count: Int) {
    for row in 0..<count { values[row] = table[Int(codes[row])] }
  }
}

/// The values of neighbouring objects of a table.
struct ObjectValues<Column: ColumnValues> {
  private var slots: SlotCursor
  private var columns: [Column] = []
  let values = BlockBuffer<Column.Element>(repeating: .absent)
  private let ofColumn = BlockBuffer<Column.Element>(repeating: .absent)

  init(
    _ plan: PathPlan, in table: PropertyTable, _ decompressor: ZstdDecompressor,
    _ context: Column.Context
  ) throws(SectionProblem) {
    slots = try SlotCursor(plan, in: table)
    for column in plan.columns {
      columns.append(try Column(column, of: table, decompressor, context))
    }
  }

  mutating func load(_ objects: Range<Int>) throws(SectionProblem) {
    try slots.load(objects)
    if let slot = slots.plan.uniform {
      if slot >= PathPlan.firstColumn {
        return try columns[0].read(
          from: slots.first[0], count: objects.count, into: values, at: 0)
      }
      for index in 0..<objects.count {
        values[index] = slot == PathPlan.object ? .other : .absent
      }
      return
    }
    let marks = slots.slots
    for index in 0..<objects.count {
      values[index] = marks[index] == PathPlan.object ? .other : .absent
    }
    for column in columns.indices where slots.counts[column] > 0 {
      try columns[column].read(
        from: slots.first[column], count: slots.counts[column], into: ofColumn, at: 0)
      Self.merge(
        ofColumn, marks, PathPlan.firstColumn + UInt8(column), objects.count, into: values)
    }
  }

  private static func merge(
    _ dense: BlockBuffer<Column.Element>, _ slots: Mask, _ slot: UInt8, _ count: Int,
    into values: BlockBuffer<Column.Element>
  ) {
    precondition(count <= Mask.capacity, "too many objects")
    // SAFETY: checked just now; there are no more values than objects.
    let (dense, slots, values) = unsafe (dense.start, slots.start, values.start)
    var next = 0
    var index = 0
    while index < count {
      // Without a branch: which objects have a value is anybody's guess.
      let isHere = unsafe slots[index] == slot
      unsafe values[index] = isHere ? dense[next] : values[index]
      next &+= isHere ? 1 : 0
      index &+= 1
    }
  }
}

/// Values of the properties, head by head.
struct PropertyValues<Column: ColumnValues> {
  private var tables: [(head: Int, objects: ObjectValues<Column>)] = []
  private let isEverywhere: Bool

  /// The properties of these heads, the only ones whose rows are looked at.
  init(
    _ keys: [String], heads: [Int], of reader: BlockReader, _ context: Column.Context
  ) throws(SectionProblem) {
    let directory = reader.section.directory
    let fields = PathFields(SectionField.props, keys, in: directory)
    var tables: [(head: Int, objects: ObjectValues<Column>)] = []
    for head in heads where !fields.fields.isEmpty {
      let table = try reader.section.props(ofHead: head)
      let plan = PathPlan(fields, in: table, of: directory)
      if plan.isAbsent { continue }
      tables.append((head, try ObjectValues(plan, in: table, reader.decompressor, context)))
    }
    try reader.announce(tables.map(\.head))
    isEverywhere = tables.count == heads.count
    self.tables = tables
  }

  mutating func load(
    _ reader: BlockReader, into values: BlockBuffer<Column.Element>
  ) throws(SectionProblem) {
    if !isEverywhere { for row in 0..<reader.count { values[row] = .absent } }
    for index in tables.indices {
      try reader.withRows(ofHead: tables[index].head) {
        (rows: Span<UInt16>, objects: Range<Int>) throws(SectionProblem) in
        guard !objects.isEmpty else { return }
        try tables[index].objects.load(objects)
        Self.scatter(tables[index].objects.values, to: rows, into: values)
      }
    }
  }

  private static func scatter(
    _ dense: BlockBuffer<Column.Element>, to rows: Span<UInt16>,
    into values: BlockBuffer<Column.Element>
  ) {
    precondition(rows.count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; a row of a list is a row of a block.
    let (dense, values) = unsafe (dense.start, values.start)
    var index = 0
    while index < rows.count {
      unsafe values[Int(rows[index]) & (RowList.capacity &- 1)] = dense[index]
      index &+= 1
    }
  }
}

/// What neighbouring rows share.
struct SharedValues<Column: ColumnValues> {
  private let identity: Identity?
  private var objects: ObjectValues<Column>?
  private var texts: Column?
  private let textValues = BlockBuffer<Column.Element>(repeating: .absent)

  init(
    ctx keys: [String], of reader: BlockReader, _ context: Column.Context
  ) throws(SectionProblem) {
    let directory = reader.section.directory
    let table = try reader.section.ctx()
    let plan = PathPlan(PathFields(SectionField.ctx, keys, in: directory), in: table, of: directory)
    objects = try ObjectValues(plan, in: table, reader.decompressor, context)
    identity = nil
  }

  init(_ identity: Identity, _ texts: Column) {
    self.identity = identity
    self.texts = texts
  }

  mutating func load(
    _ reader: BlockReader, into values: BlockBuffer<Column.Element>
  ) throws(SectionProblem) {
    let runs = try reader.runs(of: identity)
    let textValues = textValues
    try objects?.load(runs.values)
    try texts?.read(from: runs.first, count: runs.starts.count, into: textValues, at: 0)
    let starts = runs.starts
    Self.expand(
      objects?.values ?? textValues, starts.span, rows: reader.count, into: values)
  }

  private static func expand(
    _ dense: BlockBuffer<Column.Element>, _ starts: Span<UInt16>, rows count: Int,
    into values: BlockBuffer<Column.Element>
  ) {
    precondition(count <= RowList.capacity && starts.count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; ends are at most the count of rows.
    let (dense, values) = unsafe (dense.start, values.start)
    var run = 0
    var row = 0
    while run < starts.count {
      let value = unsafe dense[run]
      run &+= 1
      let end = min(count, run < starts.count ? Int(starts[run]) : count)
      if row &+ 4 <= count {
        // Most runs are short: four rows without asking, of which the next run corrects some.
        unsafe values[row] = value
        unsafe values[row &+ 1] = value
        unsafe values[row &+ 2] = value
        unsafe values[row &+ 3] = value
        row = min(row &+ 4, end)
      }
      while row < end {
        unsafe values[row] = value
        row &+= 1
      }
    }
  }
}
