import Batches
import Platform

extension PackIndex.Header {
  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: PackIndex.headerBytes)
    writer.append(littleEndian: PackIndex.magic)
    writer.append(littleEndian: version)
    writer.append(littleEndian: 0 as UInt16)
    var id: [UInt8] = []
    store.append(to: &id)
    writer.append(id)
    writer.append(littleEndian: number)
    writer.append(littleEndian: generation)
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(PackProblem) {
    do throws(ByteReader.Problem) {
      var reader = ByteReader()
      let span = bytes.span
      guard try reader.integer(UInt32.self, span) == PackIndex.magic else {
        throw .truncated(at: 0)
      }
      let version = try reader.integer(UInt16.self, span)
      guard PackIndex.knownVersions.contains(version) else { throw .overlong(at: Int(version)) }
      guard try reader.integer(UInt16.self, span) == 0 else { throw .truncated(at: 6) }
      let range = try reader.range(of: StoreID.byteCount, span)
      guard let store = StoreID(span.extracting(range)) else { throw .truncated(at: 8) }
      let number = try reader.integer(UInt64.self, span)
      let generation = try reader.integer(UInt64.self, span)
      guard number <= PackIndex.mostNumber, generation <= PackIndex.mostNumber else {
        throw .truncated(at: 24)
      }
      self.init(store: store, number: number, generation: generation)
      self.version = version
    } catch {
      if case .overlong(let version) = error { throw .newer(version: UInt16(version)) }
      throw .damaged("its head: \(error)")
    }
  }

  /// The checksum over the first 40 bytes of a file's end, which repeat some of the head, and the rest
  /// of the head.
  func checksum(ofEnd end: [UInt8]) -> UInt32 {
    let covered = version >= 2 ? end + bytes[24...] : end
    return crc32c(covered.span)
  }
}
