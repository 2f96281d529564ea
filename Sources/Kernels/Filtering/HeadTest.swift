import Batches
import Query
import Sections

/// A test of the objects of one head.
class HeadTest {
  /// Cheap tests come first.
  var cost: Int { 0 }

  /// A one for each of the chosen that passes, by place; what it says of others is rubbish.
  func evaluate(
    _ chunk: HeadChunk, of chosen: ChosenObjects
  ) throws(SectionProblem) -> Mask { Mask() }
}

/// What the properties say: one of these, unless `isNot`. Columns are read for all objects at once.
final class ObjectTest: HeadTest {
  private var tests: [TableTest]
  private let isNot: Bool

  init(_ tests: [TableTest], isNot: Bool = false) {
    self.tests = tests
    self.isNot = isNot
  }

  override var cost: Int { tests.count }

  override func evaluate(
    _ chunk: HeadChunk, of chosen: ChosenObjects
  ) throws(SectionProblem) -> Mask {
    let union = tests[0].verdicts
    for index in tests.indices {
      try tests[index].evaluate(chunk.objects)
      if index > 0 { BlockLoops.or(union, tests[index].verdicts, chunk.count) }
    }
    if isNot { BlockLoops.flip(union, chunk.count) }
    return union
  }
}

/// What the `ctx` says that objects share with their neighbours.
final class SharedTest: HeadTest {
  private var test: TableTest
  private let mask = Mask()

  init(_ test: TableTest) { self.test = test }

  override var cost: Int { 100 }

  override func evaluate(
    _ chunk: HeadChunk, of chosen: ChosenObjects
  ) throws(SectionProblem) -> Mask {
    try chunk.forEachShared(of: chosen) { (numbers, range) throws(SectionProblem) in
      try test.evaluate(numbers)
      BlockLoops.gather(
        test.verdicts, from: numbers.lowerBound, chunk.shared, chosen.places, range, into: mask)
    }
    return mask
  }
}

/// All of its parts, or one of them.
final class CombinedTest: HeadTest {
  private let parts: [HeadTest]
  private let isAll: Bool
  private let mask = Mask()

  init(_ parts: [HeadTest], isAll: Bool) {
    self.parts = parts.sorted { $0.cost < $1.cost }
    self.isAll = isAll
  }

  override var cost: Int { parts.reduce(0) { $0 + $1.cost } }

  /// The parts that all have to pass.
  var conjuncts: [HeadTest] { isAll ? parts : [self] }

  override func evaluate(
    _ chunk: HeadChunk, of chosen: ChosenObjects
  ) throws(SectionProblem) -> Mask {
    BlockLoops.fill(mask, chunk.count, with: isAll)
    for part in parts {
      let own = try part.evaluate(chunk, of: chosen)
      if isAll {
        guard BlockLoops.and(mask, own, chunk.count) else { break }
      } else {
        BlockLoops.or(mask, own, chunk.count)
      }
    }
    return mask
  }
}

extension FilterTest {
  /// Whether name, properties and `ctx` say all.
  var isOfHeads: Bool {
    switch self {
    case .everything, .nothing, .props, .ctx, .head, .search: true
    case .identity, .time, .receipt, .source, .profile: false
    case .all(let parts), .any(let parts): parts.allSatisfy(\.isOfHeads)
    }
  }
}

/// Says a filter in the terms of one head of a section.
struct HeadTestBuilder {
  enum Made {
    case constant(Bool)
    case test(HeadTest)
  }

  let verdicts: LexiconVerdicts
  /// The section's number in the snapshot.
  let section: Int
  let chunk: HeadChunk

  private var directory: SectionDirectory { chunk.section.directory }

  func test(_ test: FilterTest) throws(SectionProblem) -> Made {
    switch test {
    case .everything: return .constant(true)
    case .nothing: return .constant(false)
    case .all(let parts): return try combined(parts, isAll: true)
    case .any(let parts): return try combined(parts, isAll: false)
    case .head(let field, let test):
      return .constant(RowTestBuilder.says(test, of: directory.heads[chunk.head], field) == 1)
    case .props(let leaf, let keys, let test):
      let table = try chunk.section.props(ofHead: chunk.head)
      let own = try self.test(
        test, at: PathFields(SectionField.props, keys, in: directory), in: table,
        place(leaf, table: chunk.head))
      return own.constant.map { .constant($0) } ?? .test(ObjectTest([own]))
    case .ctx(let leaf, let keys, let test):
      let own = try self.test(
        test, at: PathFields(SectionField.ctx, keys, in: directory),
        in: try chunk.section.ctx(), place(leaf, table: -1))
      return own.constant.map { .constant($0) } ?? .test(SharedTest(own))
    case .search(let leaf, let match, let isNot): return try search(leaf, match, isNot: isNot)
    case .identity, .time, .receipt, .source, .profile:
      preconditionFailure("a test of rows is asked of a head")
    }
  }

  private func place(_ leaf: Int, table: Int) -> LexiconVerdicts.Place {
    LexiconVerdicts.Place(verdicts: verdicts, leaf: leaf, section: section, table: table)
  }

  private func test(
    _ test: ValueTest, at fields: PathFields, in table: PropertyTable,
    _ place: LexiconVerdicts.Place
  ) throws(SectionProblem) -> TableTest {
    try TableTest(
      PathPlan(fields, in: table, of: directory), in: table, test, chunk.decompressor, place)
  }

  private func combined(_ parts: [FilterTest], isAll: Bool) throws(SectionProblem) -> Made {
    var tests: [HeadTest] = []
    for part in parts {
      switch try test(part) {
      case .constant(let verdict): if verdict != isAll { return .constant(verdict) }
      case .test(let test): tests.append(test)
      }
    }
    if tests.isEmpty { return .constant(isAll) }
    return .test(tests.count == 1 ? tests[0] : CombinedTest(tests, isAll: isAll))
  }

  private func search(
    _ leaf: Int, _ match: TextMatch, isNot: Bool
  ) throws(SectionProblem) -> Made {
    let test = ValueTest(texts: match)
    let table = try chunk.section.props(ofHead: chunk.head)
    var tests: [TableTest] = []
    for (number, column) in table.columns.enumerated()
    where column.kind == .string || column.kind == .array {
      let own = try TableTest(
        PathPlan(column: number, in: table), in: table, test, isSearch: true, chunk.decompressor,
        place(leaf, table: chunk.head))
      if own.constant == true { return .constant(!isNot) }
      if own.constant == nil { tests.append(own) }
    }
    return tests.isEmpty ? .constant(isNot) : .test(ObjectTest(tests, isNot: isNot))
  }
}
