import Columns
import Compression
import Query
import Sections

/// What a leaf says of neighbouring objects of a table: the `props` of a head's rows, or the `ctx` that
/// rows share.
struct TableTest {
  private let test: ValueTest
  private var slots: SlotCursor
  private var columns: [ColumnTest] = []
  let verdicts = Mask()
  private let ofColumn = Mask()
  /// What it says of each slot, where no value has to be looked at for that.
  private let verdictOfSlot: [UInt8]?

  /// What it says of every object, where that is the same.
  let constant: Bool?

  init(
    _ plan: PathPlan, in table: PropertyTable, _ test: ValueTest, isSearch: Bool = false,
    _ decompressor: ZstdDecompressor, _ verdicts: LexiconVerdicts.Place
  ) throws(SectionProblem) {
    self.test = test
    slots = try SlotCursor(plan, in: table)
    for column in plan.columns {
      columns.append(
        try ColumnTest(column, of: table, test, isSearch: isSearch, decompressor, verdicts))
    }
    // What each slot says that objects have.
    let ofColumns = columns.map(\.constant)
    let said = Set(
      plan.slotOfShape.map { slot -> Bool? in
        switch slot {
        case PathPlan.absent: test.absent
        case PathPlan.object: test.other
        default: ofColumns[Int(slot - PathPlan.firstColumn)]
        }
      })
    verdictOfSlot =
      plan.uniform == nil && ofColumns.allSatisfy { $0 != nil }
      ? [test.absent, test.other].map { $0 ? 1 : 0 } + ofColumns.map { $0 == true ? 1 : 0 } : nil
    constant = said.count == 1 ? said.first ?? nil : (said.isEmpty ? test.absent : nil)
  }

  mutating func evaluate(_ objects: Range<Int>) throws(SectionProblem) {
    try slots.load(objects)
    if let verdictOfSlot {
      return BlockLoops.look(up: verdictOfSlot, slots.slots, objects.count, into: verdicts)
    }
    if slots.plan.uniform != nil {
      guard !columns.isEmpty else {
        return BlockLoops.fill(verdicts, objects.count, with: constant ?? false)
      }
      return try columns[0].evaluate(
        from: slots.first[0], count: objects.count, into: verdicts, at: 0)
    }
    mark(objects.count)
    for column in columns.indices {
      let count = slots.counts[column]
      guard count > 0 else { continue }
      try columns[column].evaluate(
        from: slots.first[column], count: count, into: ofColumn, at: 0)
      BlockLoops.merge(
        ofColumn, slots.slots, PathPlan.firstColumn + UInt8(column), objects.count, into: verdicts)
    }
  }

  /// The verdicts of objects without a column.
  private func mark(_ count: Int) {
    let (absent, other): (UInt8, UInt8) = (test.absent ? 1 : 0, test.other ? 1 : 0)
    let slots = slots.slots
    for index in 0..<count { verdicts[index] = slots[index] == PathPlan.object ? other : absent }
  }
}

/// What a leaf says of neighbouring ids of rows; an empty text is none.
struct IdentityTest {
  private let test: ValueTest
  private var texts: TextCursor
  private let byCode: [UInt8]
  let verdicts = Mask()

  init(
    _ identity: Identity, _ test: ValueTest, of reader: BlockReader,
    _ verdicts: LexiconVerdicts.Place
  ) throws(SectionProblem) {
    self.test = test
    texts = try reader.section.texts(of: identity, reader.decompressor)
    byCode =
      if let lexicon = texts.lexicon {
        verdicts.verdicts(0) {
          let match = test.texts.borrowed()
          defer { test.texts.giveBack(match) }
          return LexiconVerdicts.verdicts(of: lexicon.texts) {
            Self.passes($0, match, absent: test.absent)
          }
        }
      } else { [] }
  }

  private static func passes(_ text: Span<UInt8>, _ match: TextMatch, absent: Bool) -> Bool {
    text.isEmpty ? absent : match.passes(text)
  }

  mutating func evaluate(_ entries: Range<Int>) throws(SectionProblem) {
    guard entries.upperBound <= texts.count, entries.count <= Section.blockRows else {
      throw .column("ids of a block")
    }
    var entry = entries.lowerBound
    while entry < entries.upperBound {
      let start = entry % Section.blockRows
      let count = min(try texts.load(entry / Section.blockRows) - start, entries.upperBound - entry)
      guard count > 0 else { throw .column("ids of a block") }
      let offset = entry - entries.lowerBound
      if texts.lexicon != nil {
        let codes = texts.codeValues
        let table = byCode
        BlockLoops.look(
          up: table.span, codes.span.extracting(start..<(start + count)), into: verdicts,
          at: offset)
      } else {
        let rows = texts.texts
        let bytes = rows.bytes
        let all = bytes.span
        let match = test.texts.borrowed()
        defer { test.texts.giveBack(match) }
        for index in 0..<count {
          let passes = Self.passes(
            all.extracting(rows.range(of: start + index)), match, absent: test.absent)
          verdicts[offset + index] = passes ? 1 : 0
        }
      }
      entry += count
    }
  }
}
