import Events
import Platform
import SQLite

/// Brings the events of a database that was set aside into the spool that took its place, chunk by
/// chunk, between the commits of new events. How far it came is kept in the transaction of what it
/// brought, so a crash neither loses nor doubles anything; what the aggregator had already is known to
/// it by the events' ids.
final class Salvage {
  /// The folder in the quarantine.
  let name: String
  private let database: Database
  /// Everything below `low` and from `high` on has been brought over, or cannot be read.
  private var low: Int64
  private var high: Int64
  /// A page in the middle cannot be read: the rest is read from the other end.
  private var isBackwards: Bool

  /// Nil where the database cannot be read at all; then it stays for people to look at.
  init?(name: String, path: String, fileSystem: String?, store: SpoolStore) {
    self.name = name
    do throws(SQLiteError) {
      database = try Database(path: path, configuration: .evidence(fileSystem: fileSystem))
      var reader = ByteReader()
      let kept = try store.value(of: Self.key(name)) ?? []
      low = (try? reader.integer(Int64.self, kept.span)) ?? 0  // Nothing was kept yet.
      high = (try? reader.integer(Int64.self, kept.span)) ?? .max
      isBackwards = high != .max
    } catch { return nil }
  }

  static func key(_ name: String) -> String { "salvage \(name)" }

  /// Brings one chunk over. False when there is nothing more to read.
  func step(into store: SpoolStore) throws(SQLiteError) -> Bool {
    while low < high {
      var row: (id: Int64, payload: [UInt8])?
      do throws(SQLiteError) {
        row = try next()
      } catch {
        if isBackwards { return false }
        isBackwards = true
        continue
      }
      guard let row else { return false }
      if isBackwards { high = row.id } else { low = row.id + 1 }
      guard let header = ChunkHeader(row.payload.span),
        let project = try? ProjectID(header.project)  // Nobody's events cannot be shipped.
      else { continue }
      var block = EventBlock()
      for case let frame? in header.salvage(row.payload.span) {
        block.append(row.payload.span.extracting(frame))
      }
      if block.isEmpty { continue }
      let request = AppendRequest(project: project, records: block.records, ends: block.ends)
      try store.append([request], received: header.received) { () throws(SQLiteError) in
        var writer = ByteWriter(capacity: 16)
        writer.append(littleEndian: low)
        writer.append(littleEndian: high)
        try store.setValue(writer.bytes, of: Self.key(name))
      }
      return true
    }
    return false
  }

  private func next() throws(SQLiteError) -> (id: Int64, payload: [UInt8])? {
    let sql: StaticString =
      isBackwards
      ? "SELECT id, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1"
      : "SELECT id, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
    return try database.withStatement(sql) { statement throws(SQLiteError) in
      statement.bind(1, low)
      statement.bind(2, high)
      return try statement.step() ? (statement.int64(0), statement.blob(1)) : nil
    }
  }
}
