import Columns
import Events
import Query
import Sections

/// The values at a path for the rows of a block, whatever place the path is in.
class RowValues<Value: RowValue> {
  /// By row of the block.
  final let values = BlockBuffer<Value>(repeating: .absent)

  func load(_ reader: BlockReader) throws(SectionProblem) {}
}

/// The same value for all rows, or one for each head or source.
final class CodedValues<Value: RowValue>: RowValues<Value> {
  private let table: [Value]
  private let isBySource: Bool

  init(_ table: [Value], isBySource: Bool = false) {
    self.table = table
    self.isBySource = isBySource
  }

  override func load(_ reader: BlockReader) throws(SectionProblem) {
    let codes = isBySource ? try reader.sourceCodes() : reader.heads.values
    let table = table
    for row in 0..<reader.count { values[row] = table[Int(codes[row])] }
  }
}

/// Times, as a function of them.
final class TimedValues<Value: RowValue>: RowValues<Value> {
  private let isReceipt: Bool
  private let value: (Int64) -> Value

  init(isReceipt: Bool, _ value: @escaping (Int64) -> Value) {
    self.isReceipt = isReceipt
    self.value = value
  }

  override func load(_ reader: BlockReader) throws(SectionProblem) {
    let times = reader.times.values
    let delays = isReceipt ? try reader.receiptDelays() : []
    for row in 0..<reader.count {
      values[row] = value(isReceipt ? times[row] &+ delays[row] : times[row])
    }
  }
}

/// The values of neighbouring objects of a table.
struct ObjectValues<Column: ColumnValues> {
  private var slots: SlotCursor
  private var columns: [Column] = []
  let values = BlockBuffer<Column.Element>(repeating: .absent)
  private let ofColumn = BlockBuffer<Column.Element>(repeating: .absent)

  init(
    _ plan: PathPlan, in table: PropertyTable, of reader: BlockReader, _ context: Column.Context
  ) throws(SectionProblem) {
    slots = try SlotCursor(plan, in: table)
    for column in plan.columns {
      columns.append(try Column(column, of: table, reader.decompressor, context))
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
      if unsafe slots[index] == slot {
        unsafe values[index] = dense[next]
        next &+= 1
      }
      index &+= 1
    }
  }
}

/// Values of the properties, head by head.
final class PropertyValues<Column: ColumnValues>: RowValues<Column.Element> {
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
      tables.append((head, try ObjectValues(plan, in: table, of: reader, context)))
    }
    try reader.announce(tables.map(\.head))
    isEverywhere = tables.count == heads.count
    self.tables = tables
  }

  override func load(_ reader: BlockReader) throws(SectionProblem) {
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
final class SharedValues<Column: ColumnValues>: RowValues<Column.Element> {
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
    objects = try ObjectValues(plan, in: table, of: reader, context)
    identity = nil
  }

  init(_ identity: Identity, _ texts: Column) {
    self.identity = identity
    self.texts = texts
  }

  override func load(_ reader: BlockReader) throws(SectionProblem) {
    let runs = try reader.runs(of: identity)
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
      while row < end {
        unsafe values[row] = value
        row &+= 1
      }
    }
  }
}

/// What `ctx` has, and where it has nothing what the properties have.
final class EitherValues<Value: RowValue>: RowValues<Value> {
  private let first: RowValues<Value>
  private let second: RowValues<Value>
  private let isAbsent: (Value) -> Bool

  init(
    _ first: RowValues<Value>, _ second: RowValues<Value>, isAbsent: @escaping (Value) -> Bool
  ) {
    self.first = first
    self.second = second
    self.isAbsent = isAbsent
  }

  override func load(_ reader: BlockReader) throws(SectionProblem) {
    try first.load(reader)
    try second.load(reader)
    for row in 0..<reader.count {
      let value = first.values[row]
      values[row] = isAbsent(value) ? second.values[row] : value
    }
  }
}
