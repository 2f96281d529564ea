import Platform

/// Cuts a stream of bytes into blocks of whole lines.
///
/// It is shown a buffer that begins where the last cut ended, and says what of it is whole lines. A
/// line that does not fit the buffer is no event: its beginning is handed out once, as `isTorn`, so
/// that it can be refused by name, and the rest of it is passed over.
struct LineCutter: Equatable {
  struct Cut: Equatable {
    /// The lines; each ends with a newline, but for the last one of a file and a torn one.
    var lines: Range<Int>
    /// Bytes of the buffer that are done with: the next one begins behind them.
    var consumed: Int
    var isTorn = false
  }

  /// Inside a line whose beginning was handed out.
  private(set) var isPassing = false

  /// Nil where more has to be read first. `isFull` says that the buffer takes no more, `isEnd` that
  /// nothing more comes.
  mutating func cut(_ bytes: Span<UInt8>, isFull: Bool, isEnd: Bool) -> Cut? {
    if bytes.count == 0 { return nil }
    var start = 0
    if isPassing {
      guard let newline = bytes.firstIndex(of: 0x0A) else {
        isPassing = !isEnd
        return Cut(lines: 0..<0, consumed: bytes.count)
      }
      isPassing = false
      start = newline + 1
      if start == bytes.count { return Cut(lines: start..<start, consumed: start) }
    }
    if isEnd { return Cut(lines: start..<bytes.count, consumed: bytes.count) }
    if let newline = Self.lastNewline(in: bytes), newline >= start {
      // While more has room, a small block would only cost a turn more.
      return Cut(lines: start..<(newline + 1), consumed: newline + 1)
    }
    if start > 0 { return Cut(lines: start..<start, consumed: start) }
    guard isFull else { return nil }
    isPassing = true
    return Cut(lines: 0..<bytes.count, consumed: bytes.count, isTorn: true)
  }

  private static func lastNewline(in bytes: Span<UInt8>) -> Int? {
    var index = bytes.count
    while index > 0 {
      index -= 1
      if bytes[index] == 0x0A { return index }
    }
    return nil
  }
}
