import Compression
import Events
import Platform

/// Folds the operations of a snapshot's rows into a table. People are taken in ranges, so that what is
/// held of the operations stays bounded however many there are.
struct ProfileFold {
  /// Operations that are held at once, if they are spread evenly.
  var operationsAtOnce = 1 << 17
  var maximumBytes = ProfileTable.maximumBytes

  private struct Held {
    let person: UInt32
    let cts: Int64
    let id: EventID
    let operation: ProfileOperation
  }

  func table(of snapshot: Snapshot) throws(SectionDamage) -> ProfileTable? {
    var rows: [[UInt32]] = []
    for (number, section) in snapshot.sections.enumerated() {
      rows.append(
        try SectionDamage.naming(number) { () throws(SectionProblem) in
          // What everybody's numbers are made of, so that nothing is damaged when they are.
          _ = try (section.runs(), section.facts())
          return try Self.operationRows(of: section)
        })
    }
    let people = try SectionDamage.naming(0) { () throws(SectionProblem) in
      try snapshot.ordinals(everyone: true)
    }
    let count = rows.reduce(0) { $0 + $1.count }
    var table = ProfileTable()
    let ranges = max(1, (count + operationsAtOnce - 1) / operationsAtOnce)
    for range in 0..<ranges where count > 0 {
      let first = people.count * range / ranges
      let wanted = first..<(people.count * (range + 1) / ranges)
      var held: [Held] = []
      for (number, section) in snapshot.sections.enumerated() where !rows[number].isEmpty {
        try SectionDamage.naming(number) { () throws(SectionProblem) in
          try gather(rows[number], of: section, people.ofRun[number], wanted, snapshot, into: &held)
        }
      }
      held.sort { left, right in
        if left.person != right.person { return left.person < right.person }
        return left.cts != right.cts ? left.cts < right.cts : left.id < right.id
      }
      var index = 0
      while index < held.count {
        let person = held[index].person
        let start = index
        while index < held.count, held[index].person == person { index += 1 }
        table.fold(held[start..<index].lazy.map { ($0.cts, $0.operation) }, of: person)
      }
      if table.byteCount > maximumBytes { return nil }
    }
    table.finish()
    return table
  }

  /// The rows of people that say something of their profiles, ascending.
  private static func operationRows(of section: Section) throws(SectionProblem) -> [UInt32] {
    let says = section.table { $0.kind == .profile || $0.kind == .identify }
    guard says.contains(true) else { return [] }
    var found: [UInt32] = []
    var heads = try section.headCodes()
    let people = section.directory.peopleRowCount
    for block in 0..<section.blockCount where block * Section.blockRows < people {
      let count = min(try heads.load(block), people - block * Section.blockRows)
      for place in 0..<count where says[Int(heads.values[place])] {
        let row = block * Section.blockRows + place
        if !section.hidden.contains(row) { found.append(UInt32(row)) }
      }
    }
    return found
  }

  private func gather(
    _ rows: [UInt32], of section: Section, _ people: [UInt32], _ wanted: Range<Int>,
    _ snapshot: Snapshot, into held: inout [Held]
  ) throws(SectionProblem) {
    let runs = try section.runs()
    var reader = try RecordReader(section, ids: snapshot.secret.ids, ZstdDecompressor())
    var run = 0
    for row in rows {
      while runs.firstRows[run + 1] <= row { run += 1 }
      guard wanted.contains(Int(people[run])) else { continue }
      var writer = ByteWriter()
      try reader.append(Int(row), to: &writer)
      let bytes = writer.bytes
      guard let event = try? Event(record: bytes.span) else { throw .column("a record") }
      guard let operation = ProfileOperation(event.kind, props: event.props) else { continue }
      held.append(
        Held(person: people[run], cts: event.cts, id: event.id, operation: operation))
    }
  }
}
