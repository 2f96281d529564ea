extension JSON5Parser {
  /// A number as JSON has them, or hexadecimal, or with a plus, or with nothing on one side of the
  /// point. Like everywhere here it is an integer if it is written as one and fits, else a double.
  mutating func number(_ bytes: Span<UInt8>) throws(JSON5Error) -> JSON5Node.Content {
    let start = place
    var text: [UInt8] = []
    if bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-") {
      if bytes[place] == UInt8(ascii: "-") { text.append(bytes[place]) }
      place += 1
    }
    let end = tokenEnd(bytes)
    let body = bytes.extracting(place..<end)
    if body.count > 1, body[0] == UInt8(ascii: "0"), body[1] | 0x20 == UInt8(ascii: "x") {
      return try hexadecimalNumber(bytes, start: start, end: end, isNegative: !text.isEmpty)
    }
    // What JSON does not write, written as JSON would.
    if body.count > 0, body[0] == UInt8(ascii: ".") { text.append(UInt8(ascii: "0")) }
    for index in body.indices {
      text.append(body[index])
      guard body[index] == UInt8(ascii: "."), isDigit(body, index - 1) || isDigit(body, index + 1)
      else { continue }
      if !isDigit(body, index + 1) { text.append(UInt8(ascii: "0")) }
    }
    var cursor = JSONCursor()
    do throws(JSONError) {
      let number = try cursor.number(text.span)
      try cursor.finish(text.span)
      place = end
      switch number {
      case .integer(let value): return .integer(value)
      case .double(let value): return .double(value)
      }
    } catch { throw numberError(bytes, error, start: start, end: end) }
  }

  private mutating func hexadecimalNumber(
    _ bytes: Span<UInt8>, start: Int, end: Int, isNegative: Bool
  ) throws(JSON5Error) -> JSON5Node.Content {
    guard let magnitude = hexadecimal(bytes.extracting((place + 2)..<end)) else {
      throw error(bytes, "not a hexadecimal number of 64 bits", at: start)
    }
    place = end
    if let value = Int64(exactly: magnitude) { return .integer(isNegative ? -value : value) }
    if isNegative, magnitude == Int64.min.magnitude { return .integer(.min) }
    throw error(bytes, "not a hexadecimal number of 64 bits", at: start)
  }

  private mutating func numberError(
    _ bytes: Span<UInt8>, _ cause: JSONError, start: Int, end: Int
  ) -> JSON5Error {
    let word = String(decoding: Array(copying: bytes.extracting(place..<end)), as: UTF8.self)
    if cause.code == .numberTooLarge { return error(bytes, "\(cause.code.sentence)", at: start) }
    if word == "Infinity" || word == "NaN" {
      return error(bytes, "\(word) is no value for a setting", at: start)
    }
    return error(bytes, "not a number", at: start)
  }

  private func isDigit(_ body: Span<UInt8>, _ index: Int) -> Bool {
    body.indices.contains(index) && JSONScan.isDigit(body[index])
  }

  /// Everything up to what may follow a number, so that `12ab` is refused as a whole.
  private func tokenEnd(_ bytes: Span<UInt8>) -> Int {
    var end = place
    while end < bytes.count {
      let byte = bytes[end]
      let isExponentSign =
        (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")) && end > place
        && bytes[end - 1] | 0x20 == UInt8(ascii: "e")
      let isPart =
        byte == UInt8(ascii: ".") || JSONScan.isDigit(byte) || isExponentSign
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || byte == UInt8(ascii: "_")
      guard isPart else { break }
      end += 1
    }
    return end
  }
}

extension [UInt8] {
  init(copying bytes: Span<UInt8>) {
    self = []
    append(copying: bytes)
  }
}
