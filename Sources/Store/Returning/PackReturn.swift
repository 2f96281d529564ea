import Batches
import Compression
import Crypto
import Events
import Platform
import Sections

/// Takes the events of a pack in again, as if they came once more: what the store has by another way is a
/// duplicate, what it lacks is new, what was erased or has expired meanwhile is refused. So each counts
/// once, whatever came while the pack was away, and a crash at any point only means to begin again.
struct PackReturn {
  private let store: Store
  private let pack: Pack
  private let key: SigningKey
  private let compressor = ZstdCompressor()
  private let decompressor = ZstdDecompressor()
  private var number: UInt64 = 0

  /// So many events are committed together.
  private static let batchRows = 4_096

  init(of pack: Pack, to store: Store) throws(CryptoError) {
    self.store = store
    self.pack = pack
    // Nobody checks the signature of what the store has written itself.
    key = try SigningKey.generate().key
  }

  /// Throws what keeps it from coming to its end in this run; the next start begins again.
  mutating func run() async throws {
    for section in pack.index.sections.indices { try await take(section) }
    try await store.writer.retire(returned: pack)
  }

  private mutating func take(_ number: Int) async throws {
    let project = pack.index.sections[number].project
    guard let secret = store.hot.existing(project)?.secret else { return }
    let section = try pack.section(number, through: ExtentCache(maximumBytes: 8 << 20))
    var reader = try RecordReader(section, ids: secret.ids, decompressor)
    var lists: [String: Records] = [:]
    for row in 0..<section.rowCount {
      let source = try reader.source(ofRow: row)
      var writer = ByteWriter()
      try reader.append(row, to: &writer)
      lists[source, default: Records()].append(writer.bytes)
      guard let full = lists[source], full.ends.count == Self.batchRows else { continue }
      lists[source] = nil
      try await commit(full, from: source, to: project)
    }
    for (source, list) in lists { try await commit(list, from: source, to: project) }
  }

  private mutating func commit(
    _ records: Records, from source: String, to project: ProjectID
  ) async throws {
    let batch = try seal(records, from: source, to: project)
    while true {
      do throws(StoreError) {
        _ = try await store.commit(batch)
        return
      } catch {
        switch error {
        // Intake refuses for a while; what goes on waiting is this.
        case .full, .busy, .paused, .diskFull: await store.clock.sleep(for: .seconds(1))
        default: throw error
        }
      }
    }
  }

  private mutating func seal(
    _ records: Records, from source: String, to project: ProjectID
  ) throws(BatchProblem) -> ArrivedBatch {
    let body = try BatchBody.encode(records: records.bytes, ends: records.ends)
    number += 1
    let label = SealedBatch.Label(
      audience: store.identity.id, collector: CollectorID(high: 0, low: 0),
      epoch: Epoch(high: 0, low: 0), project: project, number: number,
      created: BatchHeader.Created(
        wallMilliseconds: store.clock.wallMilliseconds, boot: BootID(high: 0, low: 0),
        monotonicMilliseconds: 0))
    let sealed = SealedBatch.seal(
      body, firstSequence: 1, as: label, key: key, compressor: compressor)
    return ArrivedBatch(
      project: project, source: source, origin: nil, bytes: sealed.bytes,
      columns: try BatchColumns(
        decoding: body.bytes,
        limits: BatchLimits(rows: Self.batchRows, compressedBytes: .max, plainBytes: .max)),
      received: store.clock.wallMilliseconds)
  }

  private struct Records {
    var bytes: [UInt8] = []
    var ends: [Int] = []

    mutating func append(_ record: [UInt8]) {
      bytes += record
      ends.append(bytes.count)
    }
  }
}

extension Store {
  /// Takes in what has come back, pack after pack.
  func takeBack(_ packs: [Pack]) async {
    for pack in packs {
      do {
        var taking = try PackReturn(of: pack, to: self)
        try await taking.run()
        troubles.forget(pack.header.number)
      } catch StoreError.stopped {
        return
      } catch {
        troubles.replace(
          PackTrouble(
            number: pack.header.number,
            reason: "it is back after it was missing, and cannot be read whole: \(error)"))
      }
    }
  }
}
