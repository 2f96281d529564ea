import Batches
import Events
import Platform
import Sections
import Store

// The erasures of a store, beside its backups: what was erased after a backup was made is erased again
// when that backup is restored. All numbers are little-endian.
//
//   "TREL"  u16 version = 1
//   store   its id, a text behind its varint length, as are projects
//   count   varint, then for each erasure:
//     project, time of the erasure zigzag, end of what is erased zigzag,
//     count × (u64, u32): the keyed hash of each id; never an id
//   u32     CRC-32C of all before

/// That file: written whole, with all that it had before.
struct ErasureLog {
  static let name = "erasures"
  private static let magic: UInt32 = 0x4C45_5254  // "TREL"
  private static let version: UInt16 = 1
  private static let maximumBytes = 1 << 30

  let directory: Directory
  let store: StoreID

  /// What it has; nothing where there is none, or where it is another store's.
  func read() throws(BackupProblem) -> [PersonErasure] {
    let bytes: [UInt8]?
    do throws(SystemError) {
      bytes = try directory.read(Self.name, upTo: Self.maximumBytes)
    } catch { throw BackupProblem(error) }
    guard let bytes else { return [] }
    do { return try Self.decode(bytes, of: store) } catch {
      throw .damaged(["\(directory.file(Self.name)) cannot be read: \(error)"])
    }
  }

  /// Adds those that it has not.
  func add(_ erasures: [PersonErasure]) throws(BackupProblem) {
    let known = try read()
    let missing = erasures.filter { erasure in
      !known.contains { $0.isSame(as: erasure) }
    }
    if missing.isEmpty { return }
    let bytes = Self.encode(known + missing, of: store)
    do throws(SystemError) {
      if !directory.exists { try directory.create() }
      try directory.replace(Self.name, with: bytes.span)
    } catch { throw BackupProblem(error) }
  }

  private struct Damaged: Error {}

  static func encode(_ erasures: [PersonErasure], of store: StoreID) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(littleEndian: magic)
    writer.append(littleEndian: version)
    writer.append(text: store.description)
    writer.append(varint: UInt64(erasures.count))
    for erasure in erasures {
      writer.append(text: erasure.project.text)
      writer.append(zigzag: erasure.erased)
      writer.append(zigzag: erasure.until)
      writer.append(varint: UInt64(erasure.ids.count))
      for id in erasure.ids {
        writer.append(littleEndian: id.high)
        writer.append(littleEndian: id.low)
      }
    }
    let bytes = writer.bytes
    writer.append(littleEndian: crc32c(bytes.span))
    return writer.bytes
  }

  static func decode(_ bytes: [UInt8], of store: StoreID) throws -> [PersonErasure] {
    guard bytes.count > 4 else { throw Damaged() }
    let content = Array(bytes.dropLast(4))
    var sum = ByteReader()
    let end = Array(bytes.suffix(4))
    guard try sum.integer(UInt32.self, end.span) == crc32c(content.span) else { throw Damaged() }
    let span = content.span
    var reader = ByteReader()
    guard try reader.integer(UInt32.self, span) == magic,
      try reader.integer(UInt16.self, span) == version
    else { throw Damaged() }
    guard try reader.text(span) == store.description else { return [] }
    var erasures: [PersonErasure] = []
    for _ in 0..<(try reader.varint(span)) {
      let project = try ProjectID(try reader.text(span))
      let erased = try reader.zigzag(span)
      let until = try reader.zigzag(span)
      var ids: [PersonHash] = []
      for _ in 0..<(try reader.varint(span)) {
        ids.append(
          PersonHash(
            high: try reader.integer(UInt64.self, span), low: try reader.integer(UInt32.self, span))
        )
      }
      erasures.append(
        PersonErasure(
          number: 0, project: project, erased: erased, until: until, ids: ids, done: nil))
    }
    return erasures
  }
}

extension PersonErasure {
  /// Whether both say the same, under whatever number.
  fileprivate func isSame(as other: PersonErasure) -> Bool {
    project == other.project && until == other.until && ids == other.ids
  }
}
