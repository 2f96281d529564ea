import JSON
import Query
import Sections

/// The values of an attribute of the people's profiles, as a kernel has them, for the rows of a section.
struct ProfileValues<Element: RowValue> {
  private let attribute: ProfileAttribute
  private let ofChange: [Element]
  private let section: Int
  private let runs: PersonRuns

  init(
    _ attribute: ProfileAttribute, _ ofChange: [Element], section: Int, _ runs: PersonRuns
  ) {
    self.attribute = attribute
    self.ofChange = ofChange
    self.section = section
    self.runs = runs
  }

  func load(_ reader: BlockReader, into values: BlockBuffer<Element>) {
    for row in 0..<reader.count { values[row] = .absent }
    attribute.forEachStretch(ofSection: section, runs, reader) { rows, change in
      let value = ofChange[change]
      for row in rows { values[row] = value }
    }
  }
}

extension PathValues {
  /// The numbers of an attribute's values as groups have them.
  static func groups(
    ofProfiles keys: [String], _ profiles: ProfileSource?, section: Int, of reader: BlockReader,
    _ numbers: ValueNumbers
  ) throws(SectionProblem) -> RowValues<GroupColumn> {
    guard let profiles, let attribute = profiles.attribute(keys[0]) else { return .absent(reader) }
    let values = profiles.groups(at: keys, of: attribute, numbers)
    return RowValues(
      ProfileValues(attribute, values, section: section, try reader.section.runs()))
  }

  /// The numbers among an attribute's values.
  static func numbers(
    ofProfiles keys: [String], _ profiles: ProfileSource?, section: Int, of reader: BlockReader
  ) throws(SectionProblem) -> RowValues<NumberColumn> {
    guard let profiles, let attribute = profiles.attribute(keys[0]) else { return .absent(reader) }
    let values = attribute.ofChanges(keys.dropFirst()) { Number($0) }
    return RowValues(
      ProfileValues(attribute, values, section: section, try reader.section.runs()))
  }
}

extension RowValues {
  fileprivate static func absent(_ reader: BlockReader) -> RowValues {
    RowValues(byHead: reader.section.directory.heads.map { _ in .absent })
  }
}

extension GroupNumber {
  init(_ value: JSONValue?, _ numbers: ValueNumbers) {
    self =
      switch value {
      case nil, .null: .absent
      case .array, .object: .other
      case .bool(let flag): GroupNumber(number: numbers.number(of: .bool(flag)))
      case .integer(let number): GroupNumber(number: numbers.number(of: .integer(number)))
      case .double(let number): GroupNumber(number: numbers.number(of: .double(number)))
      case .string(let text): GroupNumber(number: numbers.number(of: .string(text)))
      }
  }
}

extension Number {
  init(_ value: JSONValue?) {
    self =
      switch value {
      case nil, .null: .absent
      case .integer(let number): Number(kind: .integer, bits: UInt64(bitPattern: number))
      case .double(let number): Number(kind: .double, bits: number.bitPattern)
      case .bool, .string, .array, .object: .other
      }
  }
}
