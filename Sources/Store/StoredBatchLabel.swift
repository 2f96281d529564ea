import Platform

/// What the row of a stored batch says beside the batch itself. The batch has a digest of its own; a
/// bit that flips in one of these would have other rows count, or count for somebody else.
struct StoredBatchLabel: Equatable {
  var number: Int64
  var project: String
  var source: String
  var received: Int64
  var shift: Int64
  var rows: Int
  /// Bitmaps; empty for none.
  var duplicates: [UInt8]
  var rejected: [UInt8]

  /// CRC-32C over all of it, in this order.
  var sum: UInt32 {
    var writer = ByteWriter(capacity: 128)
    writer.append(littleEndian: number)
    writer.append(text: project)
    writer.append(text: source)
    writer.append(littleEndian: received)
    writer.append(littleEndian: shift)
    writer.append(littleEndian: Int64(rows))
    for bitmap in [duplicates, rejected] {
      writer.append(varint: UInt64(bitmap.count))
      writer.append(bitmap)
    }
    let bytes = writer.bytes
    return crc32c(bytes.span)
  }
}
