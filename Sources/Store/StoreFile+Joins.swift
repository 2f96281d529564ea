import Events
import Platform
import SQLite
import Sections

// Who is the same person as whom: rows of `alias`.
extension StoreFile {
  func insert(_ join: JoinOperation, of project: ProjectID) throws(SQLiteError) {
    try database.withStatement("INSERT INTO alias VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, project.text)
      statement.bind(2, Int(join.kind.rawValue))
      statement.bind(3, Int(join.from.kind.rawValue))
      statement.bind(4, join.from.text)
      statement.bind(5, join.profile)
      statement.bind(6, join.position.cts)
      var id = ByteWriter()
      id.append(littleEndian: join.position.id.high.byteSwapped)
      id.append(littleEndian: join.position.id.low.byteSwapped)
      let bytes = id.bytes
      statement.bind(7, copying: bytes.span)
      try statement.run()
    }
  }

  /// Lends `body` every row that can be read, in the order of their arrival, as the hashes of its
  /// project: those are made where SQLite keeps the ids. Returns how many cannot be read; rows of
  /// projects for which there are no hashes are left out.
  func forEachJoin(
    of hasher: (ProjectID) -> PersonHasher?, _ body: (ProjectID, JoinGraph.Operation) -> Void
  ) throws(SQLiteError) -> Int {
    try database.withStatement(
      "SELECT project, operation, kind, id, profile, cts, event_id FROM alias ORDER BY number"
    ) { statement throws(SQLiteError) in
      var unread = 0
      var name = ""
      var project: ProjectID?
      var people: PersonHasher?
      while try statement.step() {
        let next = statement.text(0)
        if project == nil || next != name {
          name = next
          project = try? ProjectID(name)  // None is damage.
          people = project.flatMap(hasher)
        }
        guard let project, let join = Self.join(statement, people) else {
          unread += 1
          continue
        }
        if let operation = join.operation { body(project, operation) }
      }
      return unread
    }
  }

  /// Nil where the row is damaged; without an operation where nobody asks for it.
  private static func join(
    _ row: Statement, _ people: PersonHasher?
  ) -> (operation: JoinGraph.Operation?, Void)? {
    guard let operation = UInt8(exactly: row.int64(1)), let kind = UInt8(exactly: row.int64(2)),
      let operation = JoinOperation.Kind(rawValue: operation),
      let kind = PersonKind(rawValue: kind), let id = row.withBlob(6, Self.eventID)
    else { return nil }
    guard let people else { return (nil, ()) }
    return (
      JoinGraph.Operation(
        kind: operation, fromKind: kind, from: row.withBlob(3) { people.hash(kind, $0) },
        profile: row.withBlob(4) { people.hash(.profile, $0) },
        position: JoinPosition(cts: row.int64(5), id: id)), ()
    )
  }

  private static func eventID(_ bytes: Span<UInt8>) -> EventID? {
    guard bytes.count == 16 else { return nil }
    var (high, low) = (UInt64(0), UInt64(0))
    for place in 0..<8 {
      high = high << 8 | UInt64(bytes[place])
      low = low << 8 | UInt64(bytes[place + 8])
    }
    return EventID(high: high, low: low)
  }
}
