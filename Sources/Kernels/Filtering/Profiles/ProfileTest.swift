import JSON
import Query
import Sections

/// A test of an attribute of the people's profiles. It is asked once of each value that anybody has, and
/// then only looked up.
final class ProfileTest: Sendable {
  /// Of rows of nobody, and of people without the attribute.
  let absent: UInt8
  /// The changes of the attribute, where people's profiles count as of each event; nil where they count
  /// as they are now, or nobody ever had it.
  let column: ProfileTable.Column?
  /// By change of the column.
  let ofChange: [UInt8]
  /// By person, for profiles as they are now; empty where all are `absent`.
  let ofPerson: [UInt8]
  let people: PersonOrdinals

  init(_ test: ValueTest, of keys: [String], _ source: ProfileSource) {
    people = source.people
    absent = test.absent ? 1 : 0
    guard let column = source.table.column(keys[0]) else {
      (self.column, ofChange, ofPerson) = (nil, [], [])
      return
    }
    var known: [UInt32: UInt8] = [:]
    let mask = Mask()
    let ofChange = column.codes.map { code in
      if let verdict = known[code] { return verdict }
      let value = keys.dropFirst().reduce(source.table.value(code)) { $0?[$1] }
      let verdict: UInt8 = test.passes(value, mask) ? 1 : 0
      known[code] = verdict
      return verdict
    }
    guard source.time == .current else {
      (self.column, self.ofChange, ofPerson) = (column, ofChange, [])
      return
    }
    var ofPerson = [UInt8](repeating: absent, count: source.people.count)
    // The last change of each person stands.
    for (person, verdict) in zip(column.people, ofChange) { ofPerson[Int(person)] = verdict }
    (self.column, self.ofChange, self.ofPerson) = (nil, [], ofPerson)
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
  private let runs: PersonRuns
  private let people: [UInt32]

  init(_ test: ProfileTest, section: Int, _ runs: PersonRuns) {
    self.test = test
    self.runs = runs
    people = test.people.ofRun[section]
  }

  override var constant: Bool? {
    test.ofPerson.isEmpty && test.column == nil ? test.absent == 1 : nil
  }
  override var cost: Int { 6 }

  override func evaluate(_ reader: BlockReader) throws(SectionProblem) {
    BlockLoops.fill(mask, reader.count, with: test.absent == 1)
    let first = reader.firstRow
    let end = first + reader.count
    var run = self.run(of: first)
    while run < runs.count, Int(runs.firstRows[run]) < end {
      let rows = runs.rows(of: run).clamped(to: first..<end)
      let person = people[run]
      run += 1
      guard person != PersonOrdinals.nobody else { continue }
      if let column = test.column {
        fill(rows, of: Int(person), column, reader)
      } else if test.ofPerson[Int(person)] != test.absent {
        for row in rows { mask[row - first] = test.ofPerson[Int(person)] }
      }
    }
  }

  /// The rows of a person are in the order of time, as the changes are.
  private func fill(
    _ rows: Range<Int>, of person: Int, _ column: ProfileTable.Column, _ reader: BlockReader
  ) {
    let changes = column.changes(of: person)
    if changes.isEmpty { return }
    let times = reader.times.values
    var next = changes.lowerBound
    for row in rows {
      let place = row - reader.firstRow
      while next < changes.upperBound, column.froms[next] <= times[place] { next += 1 }
      if next > changes.lowerBound { mask[place] = test.ofChange[next - 1] }
    }
  }

  private func run(of row: Int) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if Int(runs.firstRows[middle + 1]) <= row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
