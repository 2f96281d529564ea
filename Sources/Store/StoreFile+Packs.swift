import Events
import SQLite
import Sections

// The catalogue: which packs there are, and the secrets that their people and ids are hashed with.
extension StoreFile {
  /// The packs that the catalogue names.
  func packs() throws(SQLiteError) -> Set<UInt64> {
    try database.withStatement("SELECT number FROM pack") { statement throws(SQLiteError) in
      var numbers: Set<UInt64> = []
      while try statement.step() { numbers.insert(UInt64(bitPattern: statement.int64(0))) }
      return numbers
    }
  }

  /// How often packs were named or retired so far.
  func generation() throws(SQLiteError) -> UInt64 {
    let bytes = try meta("generation") ?? []
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The number that the next pack gets: greater than all that were named.
  func nextPack() throws(SQLiteError) -> UInt64 {
    let named = try database.integer("SELECT coalesce(max(number), 0) FROM pack") ?? 0
    let retired = try database.integer("SELECT coalesce(max(number), 0) FROM retired_pack") ?? 0
    return UInt64(bitPattern: max(named, retired)) + 1
  }

  /// Names a pack, and takes out the batches whose rows are in it. Batches that were set aside are in
  /// no pack, and stay.
  func name(_ pack: PackIndex.Header, _ index: PackIndex) throws(SQLiteError) {
    try database.withStatement("INSERT OR REPLACE INTO pack VALUES (?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, Int64(bitPattern: pack.number))
      statement.bind(2, Int64(bitPattern: pack.generation))
      statement.bind(3, index.sections.reduce(0) { $0 + $1.rowCount })
      try statement.run()
    }
    for (project, last) in index.sealed {
      try database.withStatement(
        """
        DELETE FROM hot_batch WHERE project = ? AND number <= ?
          AND number NOT IN (SELECT number FROM unreadable_batch)
        """
      ) { statement throws(SQLiteError) in
        statement.bind(1, project.text)
        statement.bind(2, last)
        try statement.run()
      }
    }
    // A pack that was begun earlier may be named later.
    let newest = max(pack.generation, try generation())
    // Numbers of batches whose rows are in a pack are not given again, whatever the catalogue forgot.
    if let last = index.sealed.values.max() { try raiseNumbers(to: last) }
    var generation: [UInt8] = []
    for byte in 0..<8 {
      generation.append(UInt8(truncatingIfNeeded: newest >> (byte * 8)))
    }
    try setMeta("generation", generation)
  }

  private func raiseNumbers(to number: Int64) throws(SQLiteError) {
    guard try nextNumber() <= number else { return }
    try database.execute("DELETE FROM sqlite_sequence WHERE name = 'hot_batch'")
    try database.withStatement("INSERT INTO sqlite_sequence VALUES ('hot_batch', ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, number)
      try statement.run()
    }
  }

  /// Remembers sections that cannot be read, for ever: an event of theirs may have come again since.
  func setAside(_ sections: [SealedSection]) throws(SQLiteError) {
    for section in sections {
      try database.withStatement("INSERT OR IGNORE INTO damaged_section VALUES (?, ?, ?)") {
        statement throws(SQLiteError) in
        statement.bind(1, Int64(bitPattern: section.pack.header.number))
        statement.bind(2, section.number)
        statement.bind(3, section.reasonAside ?? "")
        try statement.run()
      }
    }
  }

  /// Sections that were set aside, by pack.
  func sectionsAside() throws(SQLiteError) -> [UInt64: [Int: String]] {
    try database.withStatement("SELECT pack, section, reason FROM damaged_section") {
      statement throws(SQLiteError) in
      var aside: [UInt64: [Int: String]] = [:]
      while try statement.step() {
        aside[UInt64(bitPattern: statement.int64(0)), default: [:]][statement.int(1)] =
          statement.text(2)
      }
      return aside
    }
  }

  func secrets() throws(SQLiteError) -> [(project: ProjectID, secret: ProjectSecret)] {
    try database.withStatement("SELECT project, secret FROM project_secret") {
      statement throws(SQLiteError) in
      var secrets: [(ProjectID, ProjectSecret)] = []
      while try statement.step() {
        // What is no id or no secret was not written by us.
        guard let project = try? ProjectID(statement.text(0)),
          let secret = ProjectSecret(statement.blob(1))
        else { continue }
        secrets.append((project, secret))
      }
      return secrets
    }
  }

  func insert(_ secret: ProjectSecret, of project: ProjectID) throws(SQLiteError) {
    try database.withStatement("INSERT OR IGNORE INTO project_secret VALUES (?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, project.text)
      statement.bind(2, copying: secret.bytes.span)
      try statement.run()
    }
  }
}
