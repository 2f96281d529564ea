import Compression
import Events
import Platform
import Query
import Sections

/// Reads whole events from wherever they lie in a snapshot: for one thread.
struct EventRecords {
  /// Most records have less.
  private static let usualRecordBytes = 512

  private let snapshot: Snapshot
  private let decompressor = ZstdDecompressor()
  private var ids: [IDSection?]

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    ids = Array(repeating: nil, count: snapshot.sections.count)
  }

  mutating func position(
    of place: FirstEvents.Place
  ) throws(KernelFailure) -> EventPosition {
    let number = place.section
    let id = try KernelFailure.naming(number) { () throws(SectionProblem) in
      let own: IDSection
      if let known = ids[number] {
        own = known
      } else {
        own = try snapshot.sections[number].ids(snapshot.secret.ids)
        ids[number] = own
      }
      return try own.id(ofRow: place.row, time: place.cts)
    }
    return EventPosition(cts: place.cts, id: id)
  }

  func events(
    at rows: [(place: FirstEvents.Place, position: EventPosition)]
  ) throws(KernelFailure) -> [StoredEvent] {
    // Neighbours are cheap to read, and by time there are few: rows lie by whose they are.
    let order = rows.indices.sorted {
      let (left, right) = (rows[$0].place, rows[$1].place)
      return (left.section, left.row) < (right.section, right.row)
    }
    var events = [StoredEvent?](repeating: nil, count: rows.count)
    var reader: (section: Int, records: RecordReader)?
    for index in order {
      let (place, position) = rows[index]
      events[index] = try KernelFailure.naming(place.section) { () throws(SectionProblem) in
        if reader?.section != place.section {
          reader = nil
          let section = snapshot.sections[place.section]
          reader = (
            place.section, try RecordReader(section, ids: snapshot.secret.ids, decompressor)
          )
        }
        var writer = ByteWriter(capacity: Self.usualRecordBytes)
        try reader?.records.append(place.row, id: position.id, to: &writer)
        let source = try reader?.records.source(ofRow: place.row) ?? ""
        return StoredEvent(record: writer.bytes, source: source)
      }
    }
    return events.compactMap(\.self)
  }
}
