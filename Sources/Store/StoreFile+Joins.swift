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

  /// Lends `body` every row that can be read, in the order of their arrival; returns how many cannot.
  func forEachJoin(
    _ body: (ProjectID, JoinOperation) -> Void
  ) throws(SQLiteError) -> Int {
    try database.withStatement(
      "SELECT project, operation, kind, id, profile, cts, event_id FROM alias ORDER BY number"
    ) { statement throws(SQLiteError) in
      var unread = 0
      var project: ProjectID?
      while try statement.step() {
        let name = statement.text(0)
        if project?.text != name { project = try? ProjectID(name) }  // None is damage.
        guard let project, let join = Self.join(statement) else {
          unread += 1
          continue
        }
        body(project, join)
      }
      return unread
    }
  }

  private static func join(_ row: Statement) -> JoinOperation? {
    let bytes = row.blob(6)
    guard let operation = UInt8(exactly: row.int64(1)), let kind = UInt8(exactly: row.int64(2)),
      let operation = JoinOperation.Kind(rawValue: operation),
      let kind = PersonKind(rawValue: kind), bytes.count == 16
    else { return nil }
    func word(_ place: Int) -> UInt64 {
      bytes[place..<place + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard let id = EventID(high: word(0), low: word(8)) else { return nil }
    return JoinOperation(
      operation, JoinOperation.Subject(kind: kind, text: row.text(3)), profile: row.text(4),
      at: JoinPosition(cts: row.int64(5), id: id))
  }
}
