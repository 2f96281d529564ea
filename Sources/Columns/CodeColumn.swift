// Codes of a dictionary of `entries` texts, in the order of their first use:
//
//   symbol    0 = the next entry that was not used yet, n + 1 = entry n again
//   entries   0 or 1: nothing is written
//             up to 255: one byte for each symbol
//             more: the low bytes of all symbols, then the high bytes

/// Dictionary codes. That the dictionary stands in the order of first use makes the first uses cost
/// one common symbol, and lets the reader see that every entry is used.
package enum CodeColumn {
  /// Symbols have two bytes.
  package static let maximumEntries = 65_535

  package static func encode(_ codes: [UInt32], entries: Int, into writer: inout ColumnWriter) {
    precondition(entries <= maximumEntries, "a dictionary of \(entries) entries")
    guard entries > 1 else { return }
    let codes = codes.span
    var highBytes: [UInt8] = []
    if entries > 255 { highBytes.reserveCapacity(codes.count) }
    var used: UInt32 = 0
    writer.codes.append(addingCapacity: codes.count) { output in
      for index in codes.indices {
        let code = codes[index]
        let symbol = code == used ? 0 : code &+ 1
        if code == used { used &+= 1 }
        output.append(UInt8(truncatingIfNeeded: symbol))
        if entries > 255 { highBytes.append(UInt8(truncatingIfNeeded: symbol &>> 8)) }
      }
    }
    precondition(used == entries, "the dictionary is not in the order of first use")
    writer.codes.append(contentsOf: highBytes)
  }

  package static func decode(
    _ count: Int, entries: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt32] {
    let start = reader.codes.position
    guard entries > 1 else {
      // No values without entries, no entry without a value.
      guard (entries == 0) == (count == 0) else { throw .badCode(at: start) }
      return [UInt32](repeating: 0, count: count)
    }
    let low = bytes.extracting(try reader.codes.take(count))
    var high = Span<UInt8>()
    if entries > 255 { high = bytes.extracting(try reader.codes.take(count)) }
    var used: UInt32 = 0
    var isGood = true
    let codes = [UInt32](capacity: count) { output in
      for index in 0..<count {
        var symbol = UInt32(low[index])
        if entries > 255 { symbol |= UInt32(high[index]) &<< 8 }
        if symbol == 0 {
          output.append(used)
          used &+= 1
        } else {
          isGood = isGood && symbol <= used
          output.append(symbol &- 1)
        }
      }
    }
    guard isGood, used == entries else { throw .badCode(at: start) }
    return codes
  }
}
