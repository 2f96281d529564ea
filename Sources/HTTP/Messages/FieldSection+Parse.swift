extension FieldSection {
  /// Reads lines of `name: value` up to and with the empty line that ends them.
  ///
  /// Places are kept relative to the start of `bytes`. `end` bounds what may be looked at, and
  /// `framing` hears of the fields that frame the message.
  /// - Returns: the place behind the empty line, or nil where the bytes end before it.
  mutating func parse(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, atMost limit: Int,
    framing: inout Framing
  ) throws(HTTPProblem) -> Int? {
    if places.count < limit {
      places = Array(repeating: FieldPlace(), count: limit)
    }
    count = 0
    var taken = 0
    var table = places.mutableSpan
    let sectionEnd = try Self.readLines(
      bytes, from: start, to: end, atMost: limit, into: &table, taken: &taken, framing: &framing)
    count = taken
    return sectionEnd
  }

  private static func readLines(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, atMost limit: Int,
    into table: inout MutableSpan<FieldPlace>, taken: inout Int, framing: inout Framing
  ) throws(HTTPProblem) -> Int? {
    var position = start
    while position < end {
      if bytes[position] == Byte.carriageReturn {
        guard position &+ 1 < end else { return nil }
        guard bytes[position &+ 1] == Byte.lineFeed else { throw .bareCarriageReturn }
        return position &+ 2
      }
      let nameEnd = Scan.tokenEnd(in: bytes, from: position, to: end)
      guard nameEnd < end else { return nil }
      guard bytes[nameEnd] == Byte.colon, nameEnd > position else {
        throw problemOfName(endingIn: bytes[nameEnd], isEmpty: nameEnd == position)
      }
      var valueStart = nameEnd &+ 1
      while valueStart < end, Byte.isBlank(bytes[valueStart]) { valueStart &+= 1 }
      let lineEnd = Scan.valueEnd(in: bytes, from: valueStart, to: end)
      guard
        let nextLine = try Scan.lineEnd(
          in: bytes, at: lineEnd, to: end, otherwise: .badFieldValue)
      else { return nil }
      var valueEnd = lineEnd
      while valueEnd > valueStart, Byte.isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }

      guard taken < limit else { throw .tooManyFields }
      table[taken] = FieldPlace(
        nameStart: UInt16(truncatingIfNeeded: position),
        nameEnd: UInt16(truncatingIfNeeded: nameEnd),
        valueStart: UInt16(truncatingIfNeeded: valueStart),
        valueEnd: UInt16(truncatingIfNeeded: valueEnd))
      let known = Scan.framingField(named: position..<nameEnd, in: bytes)
      if known != .other {
        try framing.note(known, bytes, valueStart..<valueEnd, index: taken)
      }
      taken &+= 1
      position = nextLine
    }
    return nil
  }

  /// Takes the bytes that the places point into, keeping the memory of the last head if it can.
  mutating func copy(_ span: Span<UInt8>) {
    bytes.removeAll(keepingCapacity: true)
    unsafe span.withUnsafeBufferPointer { buffer in
      unsafe bytes.append(contentsOf: buffer)  // SAFETY: lent for this call, and copied by it.
    }
  }

  /// What is wrong with a line whose name is not followed by its colon.
  private static func problemOfName(endingIn byte: UInt8, isEmpty: Bool) -> HTTPProblem {
    switch (byte, isEmpty) {
    case (Byte.colon, _): .emptyFieldName
    case (Byte.space, true), (Byte.tab, true): .foldedLine
    case (Byte.space, false), (Byte.tab, false): .spaceBeforeColon
    case (Byte.lineFeed, true): .bareLineFeed
    case (Byte.lineFeed, false), (Byte.carriageReturn, _): .missingColon
    default: .badFieldName
    }
  }
}
