import Events
import Platform
import SQLite

/// The spool's database and what it keeps in memory of it, used by one thread: every call is one
/// transaction, complete when it returns. After an error that `mustStop`, it is abandoned.
final class SpoolStore {
  let database: Database
  let configuration: SpoolConfiguration
  let clock: any Clock
  var epoch: Epoch
  /// The number of the last commit over all projects; it grows for as long as the folder lives.
  var commit: Int64
  /// By project number, which starts from 1.
  var ledgers: [ProjectLedger] = []
  var numbers: [ProjectID: Int] = [:]
  var builder = ChunkBuilder()
  /// Bytes of the batches that are kept beyond their acknowledgement.
  var keptBytes = 0
  /// The project that `nextWork` begins its round with.
  var turn = 0
  /// How often damage was met and mended since the start.
  var mendings = 0
  /// Rows of the quarantine that were found damaged; there are no more than the quarantine holds.
  var damagedQuarantine: Set<Int64> = []
  /// What was found since the writer last took it.
  private(set) var newFindings: [SpoolFinding] = []
  /// There was nothing, and this start began it.
  private(set) var isNew = false

  /// What was found wrong with the rows at start.
  enum Unsound: Error, Equatable {
    case row(String)
    case database(SQLiteError)
  }

  /// Reads the numbers of an existing spool, or begins a new one with this epoch, numbering its
  /// commits behind `commit`, in the place of one that is lost or of none.
  init(
    database: Database, configuration: SpoolConfiguration, clock: any Clock, newEpoch: Epoch,
    after commit: Int64, lost: Epoch?
  ) throws(Unsound) {
    self.database = database
    self.configuration = configuration
    self.clock = clock
    epoch = newEpoch
    self.commit = commit
    do throws(SQLiteError) {
      guard let bytes = try value(of: "epoch") else {
        try begin(lost)
        return
      }
      guard let found = Epoch(bytes: bytes), let counted = try number(of: "commit") else {
        throw Self.unsound("meta")
      }
      epoch = found
      self.commit = counted
      try readLedgers()
      try countKept()
    } catch {
      if error.code == Self.unsoundCode { throw .row(error.message) }
      throw .database(error)
    }
  }

  private func begin(_ lost: Epoch?) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      guard try database.integer("SELECT count(*) FROM project") == 0 else {
        throw Self.unsound("meta")
      }
      try setValue(epoch.bytes, of: "epoch")
      try storeCommit()
      // What stood in a lost database nobody knows, not even of which projects.
      if let lost {
        try insertGap(project: 0, lost, sequence: 0, count: nil, .databaseLost)
      }
    }
    isNew = true
  }

  /// A row whose check does not hold travels as an error of its own code.
  static let unsoundCode: Int32 = -2
  static func unsound(_ table: String) -> SQLiteError {
    SQLiteError(code: unsoundCode, message: table, subject: "check of \(table)")
  }

  // MARK: Findings

  func note(_ finding: SpoolFinding) {
    if newFindings.count < Self.maximumFindings { newFindings.append(finding) }
  }

  func takeFindings() -> [SpoolFinding] {
    defer { newFindings = [] }
    return newFindings
  }

  /// More are not kept: they say no more than so many do.
  static let maximumFindings = 100

  // MARK: Named values

  func value(of key: String) throws(SQLiteError) -> [UInt8]? {
    try database.withStatement("SELECT value, check_sum FROM meta WHERE key = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, key)
      guard try statement.step() else { return nil }
      let value = statement.blob(0)
      guard statement.int64(1) == Self.checksum(key, value) else { throw Self.unsound("meta") }
      return value
    }
  }

  func setValue(_ value: [UInt8], of key: String) throws(SQLiteError) {
    try database.withStatement(
      """
      INSERT INTO meta (value, key, check_sum) VALUES (?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, check_sum = excluded.check_sum
      """
    ) { statement throws(SQLiteError) in
      statement.bind(2, key)
      statement.bind(3, Self.checksum(key, value))
      try statement.run(lending: value.span, as: 1)
    }
  }

  private func number(of key: String) throws(SQLiteError) -> Int64? {
    guard let bytes = try value(of: key), bytes.count == 8 else { return nil }
    var reader = ByteReader()
    return try? reader.integer(Int64.self, bytes.span)  // Eight bytes hold one.
  }

  private static func checksum(_ key: String, _ value: [UInt8]) -> Int64 {
    var writer = ByteWriter(capacity: value.count + 20)
    writer.append(text: key)
    writer.append(value)
    return Int64(crc32c(writer.bytes.span))
  }

  /// Keeps the number of a transaction that may touch no project.
  func storeCommit() throws(SQLiteError) {
    var writer = ByteWriter(capacity: 8)
    writer.append(littleEndian: commit)
    try setValue(writer.bytes, of: "commit")
  }

  // MARK: Ledgers

  private func readLedgers() throws(SQLiteError) {
    try database.withStatement(
      """
      SELECT number, name, next, cursor, offset, next_batch, durable_through, events, bytes,
        commit_number, check_sum
      FROM project ORDER BY number
      """
    ) { statement throws(SQLiteError) in
      while try statement.step() {
        // A name that is none: the row is damaged.
        guard let project = try? ProjectID(statement.text(1)) else { throw Self.unsound("project") }
        var ledger = ProjectLedger(number: statement.int64(0), project: project)
        ledger.next = statement.int64(2)
        ledger.cursor = statement.int64(3)
        ledger.offset = statement.int64(4)
        ledger.nextBatch = statement.int64(5)
        ledger.durableThrough = statement.int64(6)
        ledger.events = statement.int64(7)
        ledger.bytes = statement.int64(8)
        ledger.commit = statement.int64(9)
        guard ledger.checksum == statement.int64(10), ledger.isConsistent,
          ledger.number == Int64(ledgers.count + 1), numbers[project] == nil
        else { throw Self.unsound("project") }
        numbers[project] = ledgers.count
        ledgers.append(ledger)
        commit = max(commit, ledger.commit)
      }
    }
    try countOpen()
  }

  private func countOpen() throws(SQLiteError) {
    var below = Array(repeating: Int64(0), count: ledgers.count)
    try database.withStatement("SELECT id, count, batch FROM stretch") {
      statement throws(SQLiteError) in
      while try statement.step() {
        let index = Int(ProjectLedger.number(ofRow: statement.int64(0))) - 1
        guard ledgers.indices.contains(index) else { throw Self.unsound("stretch") }
        below[index] += statement.int64(1)
        if statement.isNull(2) { ledgers[index].openStretches += 1 }
      }
    }
    // A page that was put in the place of another may be a good one of an empty table.
    for ledger in ledgers where ledger.events > ledger.unsealedEvents {
      if below[Int(ledger.number) - 1] == 0 { throw Self.unsound("stretch") }
    }
    try verifyGaps()
  }

  /// The index of a project, which gets its row with the first event.
  func index(of project: ProjectID) throws(SQLiteError) -> Int {
    if let index = numbers[project] { return index }
    let number = Int64(ledgers.count + 1)
    guard number <= ProjectLedger.maximumNumber else {
      // SQLITE_FULL: the spool takes no more of what would need a number.
      throw SQLiteError(code: 13, message: "too many projects", subject: project.text)
    }
    ledgers.append(ProjectLedger(number: number, project: project))
    numbers[project] = ledgers.count - 1
    if number == 1 {
      ledgers[0].openGaps = try adoptGaps(by: 1)
    }
    return ledgers.count - 1
  }

  /// Writes the row of a project, counting this commit in it.
  func store(_ ledger: inout ProjectLedger) throws(SQLiteError) {
    ledger.commit = commit
    try database.withStatement(
      """
      INSERT INTO project VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (number) DO UPDATE SET next = excluded.next, cursor = excluded.cursor,
        offset = excluded.offset, next_batch = excluded.next_batch,
        durable_through = excluded.durable_through, events = excluded.events,
        bytes = excluded.bytes, commit_number = excluded.commit_number,
        check_sum = excluded.check_sum
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.number)
      statement.bind(2, ledger.project.text)
      statement.bind(3, ledger.next)
      statement.bind(4, ledger.cursor)
      statement.bind(5, ledger.offset)
      statement.bind(6, ledger.nextBatch)
      statement.bind(7, ledger.durableThrough)
      statement.bind(8, ledger.events)
      statement.bind(9, ledger.bytes)
      statement.bind(10, ledger.commit)
      statement.bind(11, ledger.checksum)
      try statement.run()
    }
  }

  /// Runs a change of what is kept. What is in memory follows the database: if the transaction does
  /// not come through, the numbers are those of before.
  func change<R>(_ body: () throws(SQLiteError) -> R) throws(SQLiteError) -> R {
    let before = (epoch, commit, ledgers, numbers)
    let keptBefore = keptBytes
    do throws(SQLiteError) {
      return try database.transaction { () throws(SQLiteError) in
        commit += 1
        return try body()
      }
    } catch {
      (epoch, commit, ledgers, numbers) = before
      keptBytes = keptBefore
      throw error
    }
  }
}

extension SQLiteError {
  /// What the database holds contradicts itself: it must be set aside, or every start would come to
  /// the same place.
  var isUnsound: Bool { isCorrupt || isConstraint || code == SpoolStore.unsoundCode }
}
