import Batches
import Columns
import Compression

/// Merges the objects of one table: the `props` of one head, or the `ctx`. Columns are written in groups
/// that fit a share of the memory, each in one pass over the objects (two where it has texts).
struct TableMerge {
  private let inputs: [MergeInput]
  private let order: RowOrder
  /// By input: its table, nil where it has none.
  private let tables: [TableInput?]
  private let compressor: ZstdCompressor
  private let decompressor: ZstdDecompressor

  private var table = TablePlaces()
  /// By input and code: the code of the result.
  private var codes: [[UInt32]]
  private var columns: [MergedColumn.Description] = []
  private var columnOfField: [UInt32: Int] = [:]
  private var codeOfShape: [UInt32: UInt32] = [:]

  init(
    _ inputs: [MergeInput], _ tables: [TableInput?], order: RowOrder, _ compressor: ZstdCompressor,
    _ decompressor: ZstdDecompressor
  ) {
    self.inputs = inputs
    self.order = order
    self.tables = tables
    self.compressor = compressor
    self.decompressor = decompressor
    codes = tables.map { Array(repeating: .max, count: $0?.places.shapes.count ?? 0) }
  }

  mutating func run(
    _ names: inout MergeNames, into stream: inout ExtentStream
  ) throws(SectionProblem) -> TablePlaces {
    try meetShapes(&names)
    try writeShapeCodes(&stream)
    var first = 0
    while first < columns.count {
      var end = first
      var bytes = 0
      repeat {
        bytes += columns[end].memory
        end += 1
      } while end < columns.count && bytes + columns[end].memory <= Self.groupBytes
      try write(first..<end, &stream)
      first = end
    }
    return table
  }

  /// What the columns of one group may take in memory.
  private static let groupBytes = 24 << 20

  // MARK: Shapes

  private func codeFeeds() throws(SectionProblem) -> [ColumnFeed<CodeCursor>?] {
    var feeds: [ColumnFeed<CodeCursor>?] = []
    for (input, table) in zip(inputs, tables) {
      guard let table else {
        feeds.append(nil)
        continue
      }
      let cursor = try CodeCursor(table.places.shapeCodes, of: input.section.source)
      guard cursor.count == table.count, cursor.limit == table.places.shapes.count else {
        throw .column("shape codes")
      }
      feeds.append(ColumnFeed(cursor))
    }
    return feeds
  }

  /// Numbers the shapes and columns of the result in the order in which its objects need them.
  private mutating func meetShapes(_ names: inout MergeNames) throws(SectionProblem) {
    let feeds = try codeFeeds()
    var steps = order.steps
    var met: [UInt32] = []
    while let step = steps.nextStep() {
      guard let feed = feeds[step.input] else { throw .column("objects of another head") }
      switch step.kind {
      case .drop: feed.skip(step.count)
      case .again: break
      case .take:
        met.removeAll(keepingCapacity: true)
        try feed.take(step.count, into: &met)
        for code in met where codes[step.input][Int(code)] == .max {
          try meet(code, of: step.input, &names)
        }
      }
    }
    for (index, table) in tables.enumerated() {
      for column in table?.places.columns ?? [] {
        guard let known = columnOfField[inputs[index].knownNumber(ofField: column.field)] else {
          continue
        }
        columns[known].places[index] = column.values
      }
    }
  }

  private mutating func meet(
    _ code: UInt32, of input: Int, _ names: inout MergeNames
  ) throws(SectionProblem) {
    guard let places = tables[input]?.places else { return }
    let shape = try inputs[input].number(ofShape: places.shapes[Int(code)], in: &names)
    if let known = codeOfShape[shape] {
      codes[input][Int(code)] = known
      return
    }
    let number = UInt32(table.shapes.count)
    codes[input][Int(code)] = number
    codeOfShape[shape] = number
    table.shapes.append(shape)
    for field in names.registry.valued[Int(shape)] where columnOfField[field] == nil {
      columnOfField[field] = columns.count
      let description = MergedColumn.Description(
        field: field, kind: names.registry.fields[Int(field)].kind,
        places: tables.map { _ in nil })
      columns.append(description)
    }
  }

  private func writeShapeCodes(_ place: inout ColumnPlace, _ stream: inout ExtentStream)
    throws(SectionProblem)
  {
    let feeds = try codeFeeds()
    var encoder = CodeBlocks.Encoder(limit: table.shapes.count)
    var values: [UInt32] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      guard let feed = feeds[step.input] else { continue }
      if step.kind == .drop {
        feed.skip(step.count)
        continue
      }
      if step.kind == .again { feed.skip(-1) }
      values.removeAll(keepingCapacity: true)
      try feed.take(step.count, into: &values)
      for index in values.indices { values[index] = codes[step.input][Int(values[index])] }
      encoder.append(values.span)
      try stream.place(encoder.takePieces(), in: &place)
    }
    try stream.finish(encoder.finish(), in: &place)
  }

  private mutating func writeShapeCodes(_ stream: inout ExtentStream) throws(SectionProblem) {
    var place = ColumnPlace()
    try writeShapeCodes(&place, &stream)
    table.shapeCodes = place
  }

  // MARK: Columns

  private mutating func write(
    _ group: Range<Int>, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    var merged: [MergedColumn] = []
    for column in columns[group] {
      merged.append(try MergedColumn(column, inputs, compressor, decompressor))
    }
    let slots = try slots(of: group)
    if merged.contains(where: \.hasTexts) {
      try pass(merged, slots) {
        (column: MergedColumn, input: Int, count: Int) throws(SectionProblem) in
        try column.look(input, count)
      }
      for column in merged { column.decide() }
    }
    try pass(merged, slots) {
      (column: MergedColumn, input: Int, count: Int) throws(SectionProblem) in
      try column.take(input, count, &stream)
    }
    for (column, values) in zip(columns[group], merged) {
      table.columns.append(
        TablePlaces.Column(field: column.field, values: try values.finish(&stream)))
    }
  }

  /// By input and code: which columns of the group an object of that shape has a value in.
  private func slots(of group: Range<Int>) throws(SectionProblem) -> [[[Int]]] {
    var slots: [[[Int]]] = []
    for (index, table) in tables.enumerated() {
      var ofInput: [[Int]] = []
      for shape in table?.places.shapes ?? [] {
        var list: [Int] = []
        let directory = inputs[index].directory
        for field in directory.shapes[Int(shape)] where directory.fields[Int(field)].kind.hasValues
        {
          guard let column = columnOfField[inputs[index].knownNumber(ofField: field)] else {
            // Only objects that are left out have such a shape: the column is in no group.
            continue
          }
          if group.contains(column) { list.append(column - group.lowerBound) }
        }
        ofInput.append(list)
      }
      slots.append(ofInput)
    }
    return slots
  }

  private func pass(
    _ columns: [MergedColumn], _ slots: [[[Int]]],
    _ take: (MergedColumn, Int, Int) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    let feeds = try codeFeeds()
    var values: [UInt32] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      guard let feed = feeds[step.input] else { continue }
      if step.kind == .again { feed.skip(-1) }
      values.removeAll(keepingCapacity: true)
      try feed.take(step.count, into: &values)
      var start = 0
      while start < values.count {
        let code = values[start]
        var end = start + 1
        while end < values.count, values[end] == code { end &+= 1 }
        for slot in slots[step.input][Int(code)] {
          switch step.kind {
          case .drop: columns[slot].skip(step.input, end - start)
          case .again:
            columns[slot].skip(step.input, -1)
            try take(columns[slot], step.input, 1)
          case .take: try take(columns[slot], step.input, end - start)
          }
        }
        start = end
      }
    }
  }
}

/// A table of an input.
struct TableInput {
  let places: TablePlaces
  let count: Int
}
