import Batches
import Compression
import Events
import Platform
import SQLite
import Sections

/// One of the threads that make sections of hot events, with a connection of its own to read batches.
actor LayoutHand {
  private let worker: Worker
  private let shelf: BatchShelf
  private let path: String
  private let fileSystem: String?
  private var database: Database?
  private let reader = StoredBatchReader()
  private let decompressor = ZstdDecompressor()

  init(path: String, fileSystem: String? = nil, worker: Worker, shelf: BatchShelf) {
    self.fileSystem = fileSystem
    self.path = path
    self.worker = worker
    self.shelf = shelf
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  struct Output: Sendable {
    /// How many batches were read, or could not be.
    let batches: Int
    let sections: [HotSection]
    let unreadable: [UnreadableBatch]
  }

  /// The sections of these batches, which are in the order of their numbers. A batch that cannot be read
  /// is left out: answers say that it is missing, and the next start or seal sets it aside.
  func layOut(
    _ batches: ArraySlice<WaitingBatch>, of project: ProjectEvents, windows: WindowRule
  ) throws -> Output {
    var rows = BatchRows(secret: project.secret, windows: windows)
    var unreadable: [UnreadableBatch] = []
    for batch in batches {
      let entry: BatchShelf.Entry
      do { entry = try shelf.batch(batch.number, from: open(), reader, keeping: false) } catch {
        guard case .damaged(let reason) = error else { throw error }
        unreadable.append(
          UnreadableBatch(
            number: batch.number, project: project.id.text, events: batch.count, reason: reason))
        continue
      }
      rows.add(
        entry.columns, from: entry.source, clockShift: entry.clockShift,
        except: batch.dropped.contains)
    }
    let range = (batches.first?.number ?? 0)...(batches.last?.number ?? 0)
    let sections = rows.sections(project: project.id, seed: .random(in: .min ... .max))
    return Output(
      batches: batches.count, sections: try sections.map { try HotSection($0, batches: range) },
      unreadable: unreadable)
  }

  /// One section with the rows of several of one window.
  func merge(_ sections: [HotSection], of project: ProjectEvents) throws -> HotSection {
    var merge = SectionMerge(
      window: sections[0].section.directory.window, secret: project.secret,
      seed: .random(in: .min ... .max))
    for section in sections { try merge.add(section.section, decompressor) }
    let first = sections.map(\.batches.lowerBound).min() ?? 0
    let last = sections.map(\.batches.upperBound).max() ?? 0
    return try HotSection(try merge.finish(project: project.id), batches: first...last)
  }

  private func open() throws(StoreError) -> Database {
    if let database { return database }
    do throws(SQLiteError) {
      let database = try Database(path: path, configuration: .reader(fileSystem: fileSystem))
      self.database = database
      return database
    } catch {
      // That says nothing of any batch: none is left out for it.
      throw .failed(StoreFailure(error))
    }
  }
}
