import Platform

/// How a receipt keeps the rows that were rejected: row, code, reason, one behind the other.
extension RejectedRow {
  static func encode(_ rows: [RejectedRow]) -> [UInt8] {
    var writer = ByteWriter()
    for row in rows {
      writer.append(varint: UInt64(row.row))
      writer.append(text: row.code)
      writer.append(text: row.reason)
    }
    return writer.bytes
  }

  /// As many as can be read: a receipt that was cut still says what it can.
  static func decode(_ bytes: [UInt8]) -> [RejectedRow] {
    var reader = ByteReader()
    var rows: [RejectedRow] = []
    while !reader.isAtEnd(of: bytes.span) {
      guard let row = try? reader.varint(bytes.span), let index = Int(exactly: row),
        let code = try? reader.text(bytes.span), let reason = try? reader.text(bytes.span)
      else { break }
      rows.append(RejectedRow(row: index, code: code, reason: reason))
    }
    return rows
  }
}
