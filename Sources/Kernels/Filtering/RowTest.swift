import Columns
import Sections

/// A test of the rows of a block: a mask with a one for each row that passes.
class RowTest {
  final let mask = Mask()
  /// What it says of every row of the section, where that is the same.
  var constant: Bool? { nil }
  /// Cheap tests come first.
  var cost: Int { 0 }

  func evaluate(_ reader: BlockReader) throws(SectionProblem) {}
}

final class ConstantRows: RowTest {
  private let verdict: Bool

  init(_ verdict: Bool) {
    self.verdict = verdict
    super.init()
    BlockLoops.fill(mask, Section.blockRows, with: verdict)
  }

  override var constant: Bool? { verdict }
}

/// All of its parts, or one of them.
final class CombinedRows: RowTest {
  private let parts: [RowTest]
  private let isAll: Bool

  init(_ parts: [RowTest], isAll: Bool) {
    self.parts = parts.sorted { $0.cost < $1.cost }
    self.isAll = isAll
  }

  override var cost: Int { parts.reduce(0) { $0 + $1.cost } }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    BlockLoops.fill(mask, reader.count, with: isAll)
    for part in parts {
      try part.evaluate(reader)
      if isAll {
        guard BlockLoops.and(mask, part.mask, reader.count) else { return }
      } else {
        BlockLoops.or(mask, part.mask, reader.count)
      }
    }
  }
}

/// What the head says, or the source.
final class CodedRows: RowTest {
  enum Column { case heads, sources }

  private let table: [UInt8]
  private let column: Column

  init(_ table: [UInt8], by column: Column) {
    self.table = table
    self.column = column
  }

  override var constant: Bool? {
    guard let first = table.first, table.allSatisfy({ $0 == first }) else { return nil }
    return first == 1
  }
  override var cost: Int { column == .heads ? 1 : 2 }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    let codes = column == .heads ? reader.heads.values : try reader.sourceCodes()
    let table = table
    BlockLoops.look(up: table.span, codes.span.extracting(first: reader.count), into: mask)
  }
}

/// When it happened, or was received.
final class TimedRows: RowTest {
  private let test: ValueTest
  private let isReceipt: Bool

  init(_ test: ValueTest, isReceipt: Bool) {
    self.test = test
    self.isReceipt = isReceipt
  }

  override var cost: Int { 2 }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    var times = reader.times.values
    if isReceipt {
      let delays = try reader.receiptDelays()
      for row in 0..<reader.count { times[row] &+= delays[row] }
    }
    test.numbers.evaluate(times.span.extracting(first: reader.count), into: mask)
  }
}

/// What neighbouring rows share: `ctx`, and ids.
final class SharedRows: RowTest {
  private let identity: Identity?
  private var table: TableTest?
  private var texts: IdentityTest?

  init(_ table: TableTest) {
    identity = nil
    self.table = table
  }

  init(_ identity: Identity, _ texts: IdentityTest) {
    self.identity = identity
    self.texts = texts
  }

  override var constant: Bool? { table?.constant }
  override var cost: Int { 8 }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    let runs = try reader.runs(of: identity)
    try table?.evaluate(runs.values)
    try texts?.evaluate(runs.values)
    guard let verdicts = table?.verdicts ?? texts?.verdicts else { return }
    let starts = runs.starts
    BlockLoops.expand(verdicts, starts.span, rows: reader.count, into: mask)
  }
}

/// What the properties say, head by head.
final class PropertyRows: RowTest {
  /// What heads say without a look at their objects, by head.
  private let byHead: [UInt8]
  private var tables: [(head: Int, tests: [TableTest])]
  private let isNot: Bool

  /// A row passes where one of its head's tests does, unless `isNot`.
  init(_ byHead: [UInt8], _ tables: [(head: Int, tests: [TableTest])], isNot: Bool) {
    self.byHead = byHead
    self.tables = tables
    self.isNot = isNot
  }

  override var constant: Bool? {
    guard tables.isEmpty, let first = byHead.first, byHead.allSatisfy({ $0 == first }) else {
      return nil
    }
    return (first == 1) != isNot
  }
  override var cost: Int { 10 + tables.count }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    let codes = reader.heads.values
    let byHead = byHead
    BlockLoops.look(up: byHead.span, codes.span.extracting(first: reader.count), into: mask)
    for index in tables.indices {
      try reader.withRows(ofHead: tables[index].head) {
        (rows: Span<UInt16>, objects: Range<Int>) throws(SectionProblem) in
        guard !objects.isEmpty else { return }
        try tables[index].tests[0].evaluate(objects)
        let union = tables[index].tests[0].verdicts
        for test in tables[index].tests.indices.dropFirst() {
          try tables[index].tests[test].evaluate(objects)
          BlockLoops.or(union, tables[index].tests[test].verdicts, objects.count)
        }
        BlockLoops.scatter(union, to: rows, into: mask)
      }
    }
    if isNot { BlockLoops.flip(mask, reader.count) }
  }
}
