import JSON
import Query
import Sections

/// An attribute of everybody's profiles: which of its changes holds for a row.
final class ProfileAttribute: Sendable {
  let table: ProfileTable
  private let column: ProfileTable.Column
  private let people: PersonOrdinals
  private let time: ProfileTime
  /// By person: the first change, and one more for the end.
  private let firstChanges: [UInt32]

  /// Nil where nobody ever had it.
  init?(_ key: String, of source: ProfileSource) {
    guard let column = source.table.column(key) else { return nil }
    self.column = column
    table = source.table
    people = source.people
    time = source.time
    var firsts = [UInt32](repeating: 0, count: source.people.count + 1)
    for person in column.people { firsts[Int(person) + 1] += 1 }
    for person in firsts.indices.dropFirst() { firsts[person] += firsts[person - 1] }
    firstChanges = firsts
  }

  /// What `body` makes of the value behind each change; it is asked once of each value.
  func ofChanges<Element>(
    _ keys: ArraySlice<String>, _ body: (JSONValue?) -> Element
  ) -> [Element] {
    var known: [UInt32: Element] = [:]
    return column.codes.map { code in
      if let element = known[code] { return element }
      let element = body(keys.reduce(table.value(code)) { $0?[$1] })
      known[code] = element
      return element
    }
  }

  /// Lends the rows of the reader's block that are of people who have said something of the attribute
  /// by then, a stretch of one person's at a time, and the change that holds for them. Rows are those
  /// of the block.
  func forEachStretch(
    ofSection section: Int, _ runs: PersonRuns, _ reader: BlockReader,
    _ body: (_ rows: Range<Int>, _ change: Int) -> Void
  ) {
    let first = reader.firstRow
    let end = first + reader.count
    let ofRun = people.ofRun[section]
    var run = Self.run(of: first, in: runs)
    while run < runs.count, Int(runs.firstRows[run]) < end {
      let person = ofRun[run]
      let rows = runs.rows(of: run).clamped(to: first..<end)
      run += 1
      guard person != PersonOrdinals.nobody else { continue }
      let changes = Int(firstChanges[Int(person)])..<Int(firstChanges[Int(person) + 1])
      if changes.isEmpty { continue }
      let own = (rows.lowerBound - first)..<(rows.upperBound - first)
      switch time {
      case .current: body(own, changes.upperBound - 1)
      case .event: lend(own, changes, reader, body)
      }
    }
  }

  /// The rows of a person are in the order of time, as the changes are.
  private func lend(
    _ rows: Range<Int>, _ changes: Range<Int>, _ reader: BlockReader,
    _ body: (_ rows: Range<Int>, _ change: Int) -> Void
  ) {
    let times = reader.times.values
    var next = changes.lowerBound
    var start = rows.lowerBound
    while start < rows.upperBound {
      while next < changes.upperBound, column.froms[next] <= times[start] { next += 1 }
      var end = start + 1
      while end < rows.upperBound,
        next == changes.upperBound || times[end] < column.froms[next]
      {
        end += 1
      }
      if next > changes.lowerBound { body(start..<end, next - 1) }
      start = end
    }
  }

  /// The run of a row, or the end where nobody is known to have made it.
  private static func run(of row: Int, in runs: PersonRuns) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if Int(runs.firstRows[middle + 1]) <= row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
