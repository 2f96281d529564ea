import Batches
import Columns
import Compression

/// Merges the `ctx`: the rows at which another one begins, and the order of the objects.
struct ContextMerge {
  private let inputs: [MergeInput]
  private let order: RowOrder
  private let decompressor: ZstdDecompressor
  /// The order of the objects of the result.
  private(set) var objects = RowOrder()
  private(set) var place = ColumnPlace()

  init(_ inputs: [MergeInput], order: RowOrder, _ decompressor: ZstdDecompressor) {
    self.inputs = inputs
    self.order = order
    self.decompressor = decompressor
  }

  var tables: [TableInput?] {
    inputs.map { TableInput(places: $0.directory.ctx, count: $0.directory.ctxCount) }
  }

  /// With more columns than this, objects of different inputs are not compared: each begins anew.
  private static let mostColumns = 64

  mutating func run(
    _ names: inout MergeNames, into stream: inout ExtentStream
  ) throws(SectionProblem) {
    let columns = inputs.reduce(0) { $0 + $1.directory.ctx.columns.count }
    var feeds: [ObjectFeed] = []
    if columns <= Self.mostColumns * RowOrder.mostInputs {
      for input in inputs { feeds.append(try ObjectFeed(input, decompressor)) }
    }
    var changes: [ChangeFeed] = []
    for input in inputs { changes.append(ChangeFeed(try input.section.ctxChanges())) }
    var encoder = ChangeBlocks.Encoder()
    var last: (input: Int, number: Int) = (-1, -1)
    var lastObject: [UInt8] = []
    var next = inputs.map { _ in 0 }
    var steps = order.steps
    while let step = steps.nextStep() {
      let feed = changes[step.input]
      if step.kind == .drop {
        feed.skip(step.count)
        continue
      }
      var left = step.count
      while left > 0 {
        let (number, rows) = try feed.next(atMost: left)
        left -= rows
        var isNew = last != (step.input, number)
        if isNew {
          let isFirst = last.input < 0
          last = (step.input, number)
          if !feeds.isEmpty {
            let object = try feeds[step.input].object(number, &names)
            isNew = isFirst || object != lastObject
            if isNew { lastObject = object }
          }
        }
        if isNew {
          let known = next[step.input]
          guard number >= known - 1 else { throw .column("changes of ctx") }
          if number == known - 1 {
            objects.append(step.input, .again, 1)
          } else {
            if number > known { objects.append(step.input, .drop, number - known) }
            objects.append(step.input, .take, 1)
            next[step.input] = number + 1
          }
        }
        for row in 0..<rows { encoder.append(isChange: isNew && row == 0) }
        try stream.place(encoder.takePieces(), in: &place)
      }
    }
    try stream.finish(encoder.finish(), in: &place)
    objects.finish()
  }
}

/// The objects of an input's `ctx` in bytes that are equal where the objects are.
private final class ObjectFeed {
  private enum Values {
    case bools(ColumnFeed<BoolCursor>)
    case integers(ColumnFeed<IntegerCursor>)
    case doubles(ColumnFeed<DoubleCursor>)
    case texts(TextFeedOfMerge)
  }

  private let input: MergeInput
  private let codes: ColumnFeed<CodeCursor>
  private var columns: [Values] = []
  /// By code: the columns of its valued fields, in their order.
  private var lists: [[Int]] = []
  private var number = -1
  private var bytes: [UInt8] = []
  private var scratch = TextRows()

  init(_ input: MergeInput, _ decompressor: ZstdDecompressor) throws(SectionProblem) {
    self.input = input
    let directory = input.directory
    let source = input.section.source
    codes = ColumnFeed(try CodeCursor(directory.ctx.shapeCodes, of: source))
    guard codes.cursor.count == directory.ctxCount,
      codes.cursor.limit == directory.ctx.shapes.count
    else { throw .column("shape codes") }
    var columnOfField: [UInt32: Int] = [:]
    for column in directory.ctx.columns {
      columnOfField[column.field] = columns.count
      let place = column.values
      switch directory.fields[Int(column.field)].kind {
      case .bool: columns.append(.bools(ColumnFeed(try BoolCursor(place.values, of: source))))
      case .integer:
        columns.append(.integers(ColumnFeed(try IntegerCursor(place.values, of: source))))
      case .double:
        columns.append(.doubles(ColumnFeed(try DoubleCursor(place.values, of: source))))
      case .string, .array:
        let lexicon = try place.loadLexicon(of: source, decompressor)
        columns.append(
          .texts(
            TextFeedOfMerge(try TextCursor(place, lexicon: lexicon, of: source, decompressor))))
      case .null, .object: throw .column("a field without values has a column")
      }
    }
    for shape in directory.ctx.shapes {
      var list: [Int] = []
      for field in directory.shapes[Int(shape)] where directory.fields[Int(field)].kind.hasValues {
        guard let column = columnOfField[field] else { throw .column("a field without a column") }
        list.append(column)
      }
      lists.append(list)
    }
  }

  /// The object of this number, which is not before the last one that was asked for.
  func object(_ wanted: Int, _ names: inout MergeNames) throws(SectionProblem) -> [UInt8] {
    guard wanted >= number else { throw .column("changes of ctx") }
    while number < wanted {
      number += 1
      let code = Int(try codes.next())
      guard number == wanted else {
        for column in lists[code] { skip(column) }
        continue
      }
      bytes.removeAll(keepingCapacity: true)
      let shape = try input.number(ofShape: input.directory.ctx.shapes[code], in: &names)
      append(UInt64(shape))
      for column in lists[code] { try append(column) }
    }
    return bytes
  }

  private func skip(_ column: Int) {
    switch columns[column] {
    case .bools(let feed): feed.skip(1)
    case .integers(let feed): feed.skip(1)
    case .doubles(let feed): feed.skip(1)
    case .texts(let feed): feed.step()
    }
  }

  private func append(_ column: Int) throws(SectionProblem) {
    switch columns[column] {
    case .bools(let feed): bytes.append(try feed.next())
    case .integers(let feed): append(UInt64(bitPattern: try feed.next()))
    case .doubles(let feed): append(try feed.next().bitPattern)
    case .texts(let feed):
      try feed.text(into: &scratch)
      feed.step()
      append(UInt64(scratch.bytes.count))
      bytes += scratch.bytes
    }
  }

  private func append(_ word: UInt64) {
    for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: word &>> shift))
    }
  }
}
