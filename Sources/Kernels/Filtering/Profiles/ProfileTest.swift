import JSON
import Query
import Sections

/// A test of an attribute of the people's profiles. It is asked once of each value that anybody has, and
/// then only looked up.
final class ProfileTest: Sendable {
  /// Of rows of nobody, and of people without the attribute.
  let absent: UInt8
  /// Nil where nobody ever had it.
  let attribute: ProfileAttribute?
  /// By change of the attribute.
  let ofChange: [UInt8]

  init(_ test: ValueTest, of keys: [String], _ source: ProfileSource) {
    absent = test.absent ? 1 : 0
    attribute = source.attribute(keys[0])
    let mask = Mask()
    ofChange =
      attribute?.ofChanges(keys.dropFirst()) { test.passes($0, mask) ? 1 : 0 } ?? []
  }
}

extension ValueTest {
  /// `mask` is room for a verdict.
  fileprivate func passes(_ value: JSONValue?, _ mask: Mask) -> Bool {
    switch value {
    case nil, .null: return absent
    case .bool(let flag): return flag ? ofTrue : ofFalse
    case .integer(let number):
      let one = [number]
      numbers.evaluate(one.span, into: mask)
      return mask[0] == 1
    case .double(let number):
      let one = [number]
      numbers.evaluate(one.span, into: mask)
      return mask[0] == 1
    case .string(let text):
      let bytes = Array(text.utf8)
      return texts.passes(bytes.span)
    case .array, .object: return other
    }
  }
}

/// What the profiles say of the people of a block's rows.
final class ProfileRows: RowTest {
  private let test: ProfileTest
  private let section: Int
  private let runs: PersonRuns

  init(_ test: ProfileTest, section: Int, _ runs: PersonRuns) {
    self.test = test
    self.section = section
    self.runs = runs
  }

  override var constant: Bool? { test.attribute == nil ? test.absent == 1 : nil }
  override var cost: Int { 6 }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    let (mask, verdicts, absent) = (mask, test.ofChange, test.absent)
    BlockLoops.fill(mask, reader.count, with: absent == 1)
    test.attribute?.forEachStretch(ofSection: section, runs, reader) { rows, change in
      if verdicts[change] == absent { return }
      for row in rows { mask[row] = verdicts[change] }
    }
  }
}
