import Platform
import SQLite

/// A walk over all chunks, a few megabytes at a time, that finds damage before its events are due to
/// be shipped (RELIABILITY S9): once after a start, and then once a day. It reads only. What it finds
/// is mended when its turn comes, and said at once.
struct ChunkPatrol: Equatable, Sendable {
  /// How much one step reads.
  static let stepBytes = 4 << 20
  static let pause: Duration = .seconds(86_400)

  /// Everything below this row has been looked at.
  private(set) var next: Int64 = 0
  private(set) var isDone = false
  /// Damaged chunks of this walk, or of the last one.
  private(set) var damaged = 0
  /// How often the store had mended something when this walk began.
  private var mendingsBefore = 0

  /// Damaged chunks that were met and not mended since.
  func unmended(_ mendings: Int) -> Int { max(0, damaged - (mendings - mendingsBefore)) }

  mutating func begin(mendings: Int) {
    mendingsBefore = mendings
    next = 0
    isDone = false
    damaged = 0
  }

  /// One step. A chunk that cannot be read ends the walk, as the rest cannot be reached: whether the
  /// disk must not be trusted any more is decided where something depends on the answer.
  mutating func step(_ store: SpoolStore, bytes: Int = stepBytes) {
    guard !isDone else { return }
    do throws(SQLiteError) {
      let (last, damaged) = try store.verifyChunks(from: next, bytes: bytes)
      if damaged > 0 { store.note(.chunksDamaged(damaged)) }
      self.damaged += damaged
      if let last { next = last + 1 } else { isDone = true }
    } catch {
      store.note(.unreadable(error.description))
      isDone = true
    }
  }
}

extension SpoolStore {
  /// Verifies chunks from a row on: the last one that was looked at, nil where there are no more, and
  /// how many are damaged.
  func verifyChunks(
    from first: Int64, bytes: Int
  ) throws(SQLiteError) -> (last: Int64?, damaged: Int) {
    var budget = bytes
    var last: Int64?
    var damaged = 0
    try database.withStatement(
      "SELECT id, n, crc32c, payload FROM chunk WHERE id >= ? ORDER BY id"
    ) { statement throws(SQLiteError) in
      statement.bind(1, first)
      while budget > 0 {
        guard try statement.step() else {
          last = nil
          return
        }
        last = statement.int64(0)
        if !isSound(statement) { damaged += 1 }
        budget -= statement.withBlob(3) { $0.count } + 64
      }
    }
    return (last, damaged)
  }

  /// Whether the row of a chunk (id, n, crc32c, payload) is what was written.
  func isSound(_ statement: Statement) -> Bool {
    statement.withBlob(3) { payload in
      guard let header = ChunkHeader(payload) else { return false }
      return header.first == ProjectLedger.position(ofRow: statement.int64(0))
        && Int64(header.count) == statement.int64(1)
        && Int64(crc32c(payload)) == statement.int64(2)
    }
  }
}
