package import Batches
import Platform
import SQLite
import Synchronization

/// The hot batches as they were sent, decoded when somebody looks: a bounded cache over the database.
///
/// Questions read through a connection of the shelf's own; the store's thread brings its own.
package final class BatchShelf: Sendable {
  package struct Entry: Sendable {
    package let columns: BatchColumns
    package let source: String
    package let clockShift: Int64

    /// About what the columns take: their records, and again as much for the index.
    var byteCount: Int { columns.core.recordBytes * 2 }
  }

  private struct Cache {
    var entries: [Int64: (entry: Entry, lastUse: UInt64)] = [:]
    var bytes = 0
    var uses: UInt64 = 0
  }

  private let cache = Mutex(Cache())
  private let reader: ShelfReader
  private let maximumBytes: Int

  init(path: String, fileSystem: String? = nil, worker: Worker, maximumBytes: Int) {
    reader = ShelfReader(path: path, fileSystem: fileSystem, worker: worker)
    self.maximumBytes = maximumBytes
  }

  /// The batch with this number, from memory or from disk.
  package func batch(_ number: Int64) async throws(StoreError) -> Entry {
    if let entry = cached(number) { return entry }
    let entry = try await reader.read(number)
    put(entry, number)
    return entry
  }

  /// The same for a thread with a connection of its own, which must not wait for others. What is read
  /// once and for all is not worth keeping.
  func batch(
    _ number: Int64, from database: Database, _ reader: StoredBatchReader, keeping: Bool = true
  ) throws(StoreError) -> Entry {
    if let entry = cached(number) { return entry }
    let entry = try Self.read(number, from: database, reader)
    if keeping { put(entry, number) }
    return entry
  }

  /// Keeps a batch that was just decoded: the next duplicates are of recent events.
  func put(_ entry: Entry, _ number: Int64) {
    cache.withLock { cache in
      cache.uses += 1
      let before = cache.entries.updateValue((entry, cache.uses), forKey: number)
      cache.bytes += entry.byteCount - (before?.entry.byteCount ?? 0)
      guard cache.bytes > maximumBytes else { return }
      // A quarter goes at once, the longest unused first: sorting is paid for by many.
      for (key, value) in cache.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
        guard cache.bytes > maximumBytes / 4 * 3, cache.entries.count > 1 else { break }
        cache.entries[key] = nil
        cache.bytes -= value.entry.byteCount
      }
    }
  }

  /// Drops a batch whose transaction failed: its number will be another's.
  func forget(_ number: Int64) {
    cache.withLock { cache in
      guard let dropped = cache.entries.removeValue(forKey: number) else { return }
      cache.bytes -= dropped.entry.byteCount
    }
  }

  private func cached(_ number: Int64) -> Entry? {
    cache.withLock { cache in
      cache.uses += 1
      cache.entries[number]?.lastUse = cache.uses
      return cache.entries[number]?.entry
    }
  }

  fileprivate static func read(
    _ number: Int64, from database: Database, _ reader: StoredBatchReader
  ) throws(StoreError) -> Entry {
    let row: (bytes: [UInt8], source: String, shift: Int64)?
    do {
      row = try database.withStatement(
        "SELECT bytes, source, shift FROM hot_batch WHERE number = ?"
      ) { statement throws(SQLiteError) in
        statement.bind(1, number)
        guard try statement.step() else { return nil }
        return (statement.blob(0), statement.text(1), statement.int64(2))
      }
    } catch {
      throw error.mustStop ? .failed(StoreFailure(error)) : .damaged("batch \(number): \(error)")
    }
    guard let row else { throw .damaged("batch \(number) is missing") }
    do {
      let columns = try reader.columns(of: row.bytes)
      return Entry(columns: columns, source: row.source, clockShift: row.shift)
    } catch { throw .damaged("batch \(number): \(error.code)") }
  }
}

/// The shelf's connection, on a thread that may wait for the disk.
private actor ShelfReader {
  private let worker: Worker
  private let path: String
  private let fileSystem: String?
  private var database: Database?
  private let batches = StoredBatchReader()

  init(path: String, fileSystem: String?, worker: Worker) {
    self.fileSystem = fileSystem
    self.path = path
    self.worker = worker
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  func read(_ number: Int64) throws(StoreError) -> BatchShelf.Entry {
    do throws(SQLiteError) {
      if database == nil {
        database = try Database(path: path, configuration: .reader(fileSystem: fileSystem))
      }
    } catch { throw .damaged("\(error)") }
    guard let database else { throw .damaged("no database") }
    return try BatchShelf.read(number, from: database, batches)
  }
}
