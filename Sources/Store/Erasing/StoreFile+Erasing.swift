import Batches
import Events
import SQLite
import Sections

// Who was erased: rows of `erasure` and `erased_id`, and what else of a person is not in batches or packs.
extension StoreFile {
  func erasures() throws(SQLiteError) -> [PersonErasure] {
    var ids: [Int64: [PersonHash]] = [:]
    try database.withStatement("SELECT erasure, high, low FROM erased_id") {
      statement throws(SQLiteError) in
      while try statement.step() {
        ids[statement.int64(0), default: []].append(
          PersonHash(
            high: UInt64(bitPattern: statement.int64(1)),
            low: UInt32(truncatingIfNeeded: statement.int64(2))))
      }
    }
    return try database.withStatement(
      "SELECT number, project, erased, until, done FROM erasure ORDER BY number"
    ) { statement throws(SQLiteError) in
      var erasures: [PersonErasure] = []
      while try statement.step() {
        // What is no id was not written by us.
        guard let project = try? ProjectID(statement.text(1)) else { continue }
        erasures.append(
          PersonErasure(
            number: statement.int64(0), project: project, erased: statement.int64(2),
            until: statement.int64(3), ids: (ids[statement.int64(0)] ?? []).sorted(),
            done: statement.isNull(4) ? nil : statement.int64(4)))
      }
      return erasures
    }
  }

  /// Returns its number.
  func insertErasure(
    of ids: [PersonHash], in project: ProjectID, erased: Int64, until: Int64
  ) throws(SQLiteError) -> Int64 {
    let number = try database.withStatement(
      "INSERT INTO erasure VALUES (NULL, ?, ?, ?, NULL) RETURNING number"
    ) { statement throws(SQLiteError) in
      statement.bind(1, project.text)
      statement.bind(2, erased)
      statement.bind(3, until)
      var number: Int64 = 0
      while try statement.step() { number = statement.int64(0) }
      return number
    }
    for id in ids {
      try database.withStatement("INSERT OR IGNORE INTO erased_id VALUES (?, ?, ?)") {
        statement throws(SQLiteError) in
        statement.bind(1, number)
        statement.bind(2, Int64(bitPattern: id.high))
        statement.bind(3, Int64(id.low))
        try statement.run()
      }
    }
    return number
  }

  func finishErasure(_ number: Int64, at time: Int64) throws(SQLiteError) {
    try database.withStatement("UPDATE erasure SET done = ? WHERE number = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, time)
      statement.bind(2, number)
      try statement.run()
    }
  }

  /// What is deleted from here on is overwritten, wherever it lay: `FAST` would leave it in the pages
  /// that large batches give back.
  func deleteSecurely() throws(SQLiteError) {
    try database.execute(script: "PRAGMA secure_delete = ON")
  }

  /// Writes the file anew, without the pages that were given back before deleting was secure.
  func rewrite() throws(SQLiteError) { try database.execute(script: "VACUUM") }

  // MARK: What is kept aside

  /// Deletes what was said of who these people are.
  func deleteJoins(of ids: Set<PersonHash>, in project: ProjectEvents) throws(SQLiteError) {
    let people = project.secret.people
    var numbers: [Int64] = []
    try database.withStatement("SELECT number, kind, id, profile FROM alias WHERE project = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, project.id.text)
      while try statement.step() {
        let kind = UInt8(exactly: statement.int64(1)).flatMap(PersonKind.init) ?? .profile
        let (id, profile) = (Array(statement.text(2).utf8), Array(statement.text(3).utf8))
        guard
          ids.contains(people.hash(kind, id.span))
            || ids.contains(people.hash(.profile, profile.span))
        else { continue }
        numbers.append(statement.int64(0))
      }
    }
    for number in numbers {
      try database.withStatement("DELETE FROM alias WHERE number = ?") {
        statement throws(SQLiteError) in
        statement.bind(1, number)
        try statement.run()
      }
    }
  }

  /// Deletes samples of conflicts for whose records this holds.
  func deleteConflicts(
    of project: ProjectID, where isMeant: ([UInt8]) -> Bool
  ) throws(SQLiteError) {
    var numbers: [Int64] = []
    try database.withStatement("SELECT number, record FROM conflict WHERE project = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, project.text)
      while try statement.step() {
        if isMeant(statement.blob(1)) { numbers.append(statement.int64(0)) }
      }
    }
    for number in numbers {
      try database.withStatement("DELETE FROM conflict WHERE project = ? AND number = ?") {
        statement throws(SQLiteError) in
        statement.bind(1, project.text)
        statement.bind(2, number)
        try statement.run()
      }
    }
  }

  /// The same for dead letters, which are counted.
  func deleteDeadLetters(
    of project: ProjectID, where isMeant: ([UInt8]) -> Bool
  ) throws(SQLiteError) {
    var letters: [(number: Int64, bytes: Int)] = []
    try database.withStatement("SELECT number, record FROM dead_letter WHERE project = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, project.text)
      while try statement.step() {
        let record = statement.blob(1)
        if isMeant(record) { letters.append((statement.int64(0), record.count)) }
      }
    }
    for letter in letters {
      try database.withStatement("DELETE FROM dead_letter WHERE number = ?") {
        statement throws(SQLiteError) in
        statement.bind(1, letter.number)
        try statement.run()
      }
    }
    if letters.isEmpty { return }
    try database.withStatement(
      "UPDATE dead_letter_total SET count = count - ?, bytes = bytes - ? WHERE project = ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, letters.count)
      statement.bind(2, letters.reduce(0) { $0 + $1.bytes })
      statement.bind(3, project.text)
      try statement.run()
    }
  }
}
