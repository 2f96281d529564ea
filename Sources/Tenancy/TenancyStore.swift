package import Platform
package import SQLite

/// The aggregator's book of projects, keys, clients, collectors and users: the truth is in SQLite, and
/// `board` has the snapshot that requests read.
///
/// It belongs to the one actor (or command) that opened its database. Every change is one durable
/// transaction, and stands in the snapshot when the call returns. After an error whose cause says
/// `mustStop`, nothing more may be written.
package final class TenancyStore {
  let database: Database
  let clock: any Clock
  let random: any RandomSource
  package let board: TenancyBoard
  /// By credential, kept across snapshots so that uses noted on an old one are not lost.
  var uses: [String: TrackedUse] = [:]

  /// A `LastUse` and what of it is on disk.
  struct TrackedUse {
    let use: LastUse
    var saved: Int64?
  }

  /// Takes over the database, which holds nothing else, and brings its schema up to date.
  package init(
    _ database: Database, clock: any Clock, random: any RandomSource = SystemRandom()
  ) throws(TenancyError) {
    do throws(Schema.Problem) {
      try TenancySchema.schema.migrate(database)
    } catch {
      switch error {
      case .newer(let found, let known):
        throw TenancyError(
          .newerSchema, "\(database.path) has schema \(found), and this program knows \(known)")
      case .failed(let cause):
        throw TenancyError(.storage, "the tenancy's schema could not be made", cause: cause)
      }
    }
    self.database = database
    self.clock = clock
    self.random = random
    board = TenancyBoard(
      TenancySnapshot(
        generation: 0, projects: [], keys: [], clients: [], collectors: [], users: []))
    try run { () throws(SQLiteError) in try database.execute(script: "PRAGMA foreign_keys = ON") }
    board.publish(try load())
  }

  package var snapshot: TenancySnapshot { board.current }

  /// Writes down when credentials were last used, those that were since the last call.
  package func saveUses() throws(TenancyError) {
    let news = uses.compactMap { name, tracked in
      tracked.use.latest.flatMap { $0 == tracked.saved ? nil : (name: name, time: $0) }
    }
    guard !news.isEmpty else { return }
    let database = database
    try run { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        for (name, time) in news {
          func update(_ sql: StaticString) throws(SQLiteError) {
            try database.withStatement(sql) { (statement) throws(SQLiteError) in
              statement.bind(1, time)
              statement.bind(2, name)
              try statement.run()
            }
          }
          // A name is of one kind only: keys, clients and collectors are named in different ways.
          try update("UPDATE api_key SET last_used_at = ? WHERE id = ?")
          try update("UPDATE client SET last_used_at = ? WHERE id = ?")
          try update("UPDATE collector SET last_seen_at = ? WHERE id = ?")
        }
      }
    }
    for (name, time) in news { uses[name]?.saved = time }
  }

  // MARK: - For the extensions

  var now: Int64 { clock.wallMilliseconds }

  /// Makes a change durable, then visible.
  func change<Result>(
    _ body: () throws(SQLiteError) -> Result
  ) throws(TenancyError) -> Result {
    let database = database
    let result = try run { () throws(SQLiteError) in
      try database.transaction { () throws(SQLiteError) in
        let result = try body()
        try database.execute("UPDATE tenancy SET generation = generation + 1")
        return result
      }
    }
    board.publish(try load())
    return result
  }

  func run<Result>(_ body: () throws(SQLiteError) -> Result) throws(TenancyError) -> Result {
    do throws(SQLiteError) {
      return try body()
    } catch {
      throw TenancyError(.storage, "the tenancy could not be read or written", cause: error)
    }
  }

  /// A name that nobody has: letters of the lower case and digits, 82 bits of chance.
  func freshName(_ opening: String) -> String {
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    var generator = RandomGenerator(random)
    let letters = (0..<16).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)]
    }
    return opening + String(letters)
  }

  func use(of credential: String, saved: Int64?) -> LastUse {
    if let tracked = uses[credential] { return tracked.use }
    let use = LastUse(saved)
    uses[credential] = TrackedUse(use: use, saved: saved)
    return use
  }
}
