import Columns
import Compression
import Events

/// A section that is merged: where it stands among its people, and what its numbers are in the result.
final class MergeInput {
  let section: Section
  let directory: SectionDirectory
  let ids: IDSection
  private let highs: ColumnFeed<IntegerCursor>
  private let lows: ColumnFeed<IntegerCursor>
  private let counts: ColumnFeed<IntegerCursor>
  private(set) var person: PersonHash?
  private var run = 0
  private(set) var row = 0
  /// Where the rows of `person` end; those of nobody end with the section.
  private(set) var end = 0
  private var times: IntegerCursor

  /// By the section's number of a field and a shape: the result's, as far as they were needed.
  private var fields: [UInt32?]
  private var shapes: [UInt32?]

  init(_ section: Section, _ secret: ProjectSecret) throws(SectionProblem) {
    self.section = section
    directory = section.directory
    ids = try section.ids(secret.ids)
    highs = ColumnFeed(try IntegerCursor(directory[.personHighs], of: section.source))
    lows = ColumnFeed(try IntegerCursor(directory[.personLows], of: section.source))
    counts = ColumnFeed(try IntegerCursor(directory[.personRows], of: section.source))
    times = try section.times()
    fields = Array(repeating: nil, count: directory.fields.count)
    shapes = Array(repeating: nil, count: directory.shapes.count)
    guard highs.cursor.count == directory.personCount, lows.cursor.count == directory.personCount,
      counts.cursor.count == directory.personCount
    else { throw .column("people: counts differ") }
    try nextPerson()
  }

  // MARK: Rows in the order of people

  /// Moves to the person whose rows come next, or to the rows of nobody.
  func nextPerson() throws(SectionProblem) {
    guard run < directory.personCount else {
      guard row == directory.peopleRowCount else { throw .column("people: rows") }
      person = nil
      end = directory.rowCount
      return
    }
    let next = PersonHash(
      high: UInt64(bitPattern: try highs.next()), low: UInt32(truncatingIfNeeded: try lows.next()))
    if let person, !(person < next) { throw .column("people: out of order") }
    let rows = try counts.next()
    guard rows > 0, rows <= Int64(directory.peopleRowCount - row) else {
      throw .column("people: rows")
    }
    person = next
    end = row + Int(rows)
    run += 1
  }

  /// The time of the row that comes next.
  @inline(__always)
  func time() throws(SectionProblem) -> Int64 {
    try times.load(row / Lanes.blockCount)
    return times.values[row % Lanes.blockCount]
  }

  func id(at time: Int64) throws(SectionProblem) -> EventID {
    try ids.id(ofRow: row, time: time)
  }

  @inline(__always)
  func step(_ rows: Int = 1) { row &+= rows }

  // MARK: Numbers

  /// The result's number of a shape.
  func number(ofShape shape: UInt32, in names: inout MergeNames) throws(SectionProblem) -> UInt32 {
    if let known = shapes[Int(shape)] { return known }
    var members: [UInt32] = []
    for field in directory.shapes[Int(shape)] {
      members.append(number(ofField: field, in: &names))
    }
    let number = names.registry.number(of: members)
    shapes[Int(shape)] = number
    return number
  }

  /// The number of a field that the result has; for others one that no field has.
  func knownNumber(ofField field: UInt32) -> UInt32 { fields[Int(field)] ?? .max }

  func number(ofField field: UInt32, in names: inout MergeNames) -> UInt32 {
    if let known = fields[Int(field)] { return known }
    let description = directory.fields[Int(field)]
    // A parent has a smaller number, as was checked when the directory was read.
    let parent =
      description.parent < SectionField.base
      ? description.parent
      : number(ofField: description.parent - SectionField.base, in: &names) + SectionField.base
    let key = Array(directory.keys[Int(description.key)].utf8)
    let number = names.registry.number(
      of: SectionField(
        parent: parent, kind: description.kind,
        key: names.keys.number(of: key.indices, in: key.span)))
    fields[Int(field)] = number
    return number
  }
}

/// The keys, fields and shapes of the result.
struct MergeNames {
  var registry = FieldRegistry()
  var keys: TextPool

  init(seed: UInt64) { keys = TextPool(seed: seed) }

  func describe(in directory: inout SectionDirectory) {
    directory.fields = registry.fields
    directory.shapes = registry.shapes
    directory.keys = (0..<UInt32(keys.count)).map { key in
      String(decoding: keys.bytes[keys.range(of: key)], as: UTF8.self)
    }
  }
}
