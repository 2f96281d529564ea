import Batches
import Events
import Query
import Sections

/// Says a filter in the terms of one section.
struct RowTestBuilder {
  let verdicts: LexiconVerdicts
  let section: Int
  let reader: BlockReader
  /// Those whose rows may pass: nobody looks at the properties of others.
  let heads: [Int]

  private var directory: SectionDirectory { reader.section.directory }

  mutating func test(_ test: FilterTest) throws(SectionProblem) -> RowTest {
    switch test {
    case .everything: return ConstantRows(true)
    case .nothing: return ConstantRows(false)
    case .all(let parts): return try combined(parts, isAll: true)
    case .any(let parts): return try combined(parts, isAll: false)
    case .head(let field, let test):
      return Self.settled(
        CodedRows(directory.heads.map { Self.says(test, of: $0, field) }, by: .heads))
    case .source(let test):
      let table = directory.sources.map { Self.says(test, Value.string($0)) }
      return Self.settled(CodedRows(table, by: .sources))
    case .profile(let test):
      return Self.settled(ProfileRows(test, section: section, try reader.section.runs()))
    case .time(let test): return TimedRows(test, isReceipt: false)
    case .receipt(let test): return TimedRows(test, isReceipt: true)
    case .identity(let leaf, let identity, let test):
      let texts = try IdentityTest(
        identity, test, of: reader, place(leaf, table: -2 - identity.rawValue))
      return SharedRows(identity, texts)
    case .ctx(let leaf, let keys, let test):
      let table = try reader.section.ctx()
      let plan = PathPlan(
        PathFields(SectionField.ctx, keys, in: directory), in: table, of: directory)
      return Self.settled(
        SharedRows(
          try TableTest(plan, in: table, test, reader.decompressor, place(leaf, table: -1))))
    case .props(let leaf, let keys, let test): return try properties(leaf, keys, test)
    case .search(let leaf, let match, let isNot): return try search(leaf, match, isNot: isNot)
    }
  }

  private func place(_ leaf: Int, table: Int) -> LexiconVerdicts.Place {
    LexiconVerdicts.Place(verdicts: verdicts, leaf: leaf, section: section, table: table)
  }

  /// What says the same of all rows need not look at any.
  private static func settled(_ test: RowTest) -> RowTest {
    test.constant.map { ConstantRows($0) } ?? test
  }

  private mutating func combined(
    _ parts: [FilterTest], isAll: Bool
  ) throws(SectionProblem) -> RowTest {
    var tests: [RowTest] = []
    for part in parts {
      let test = try self.test(part)
      if let constant = test.constant {
        if constant != isAll { return ConstantRows(constant) }
      } else {
        tests.append(test)
      }
    }
    if tests.isEmpty { return ConstantRows(isAll) }
    return tests.count == 1 ? tests[0] : CombinedRows(tests, isAll: isAll)
  }

  static func says(
    _ test: ValueTest, of head: EventHead, _ field: FilterTest.HeadField
  ) -> UInt8 {
    switch field {
    case .name: says(test, .string(head.name))
    case .kind: says(test, .string(String(describing: head.kind)))
    case .interactive: says(test, .bool(head.flags.contains(.interactive)))
    }
  }

  private static func says(_ test: ValueTest, _ value: Value) -> UInt8 {
    switch value {
    case .string(let text):
      let bytes = Array(text.utf8)
      return test.texts.passes(bytes.span) ? 1 : 0
    case .bool(let flag): return (flag ? test.ofTrue : test.ofFalse) ? 1 : 0
    case .null, .integer, .double: return 0
    }
  }

  private mutating func properties(
    _ leaf: Int, _ keys: [String], _ test: ValueTest
  ) throws(SectionProblem) -> RowTest {
    let fields = PathFields(SectionField.props, keys, in: directory)
    var byHead = [UInt8](repeating: test.absent ? 1 : 0, count: directory.heads.count)
    guard !fields.fields.isEmpty else { return ConstantRows(test.absent) }
    var tables: [(head: Int, tests: [TableTest])] = []
    for head in heads {
      let table = try reader.section.props(ofHead: head)
      let plan = PathPlan(fields, in: table, of: directory)
      let own = try TableTest(plan, in: table, test, reader.decompressor, place(leaf, table: head))
      if let constant = own.constant {
        byHead[head] = constant ? 1 : 0
      } else {
        tables.append((head, [own]))
      }
    }
    return try rows(byHead, tables, isNot: false)
  }

  private mutating func search(
    _ leaf: Int, _ match: TextMatch, isNot: Bool
  ) throws(SectionProblem) -> RowTest {
    let test = ValueTest(texts: match)
    var tables: [(head: Int, tests: [TableTest])] = []
    for head in heads {
      let table = try reader.section.props(ofHead: head)
      var tests: [TableTest] = []
      for (number, column) in table.columns.enumerated()
      where column.kind == .string || column.kind == .array {
        tests.append(
          try TableTest(
            PathPlan(column: number, in: table), in: table, test, isSearch: true,
            reader.decompressor, place(leaf, table: head)))
      }
      if !tests.isEmpty { tables.append((head, tests)) }
    }
    let byHead = [UInt8](repeating: 0, count: directory.heads.count)
    return try rows(byHead, tables, isNot: isNot)
  }

  private func rows(
    _ byHead: [UInt8], _ tables: [(head: Int, tests: [TableTest])], isNot: Bool
  ) throws(SectionProblem) -> RowTest {
    if tables.isEmpty, !isNot, !byHead.isEmpty {
      return Self.settled(CodedRows(byHead, by: .heads))
    }
    try reader.announce(tables.map(\.head))
    return Self.settled(PropertyRows(byHead, tables, isNot: isNot))
  }
}
