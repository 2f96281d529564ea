extension JSON5Parser {
  /// Steps over white space and comments.
  mutating func skipBlanks(_ bytes: Span<UInt8>) throws(JSON5Error) {
    while place < bytes.count {
      switch bytes[place] {
      case 0x09...0x0D, 0x20: place += 1
      case UInt8(ascii: "/"): try skipComment(bytes)
      case 0x80...:
        let scalar = self.scalar(bytes, at: place)
        let isBlank =
          scalar.properties.generalCategory == .spaceSeparator
          || [0xFEFF, 0x2028, 0x2029].contains(scalar.value)
        guard isBlank else { return }
        place += scalar.utf8.count
      default: return
      }
    }
  }

  private mutating func skipComment(_ bytes: Span<UInt8>) throws(JSON5Error) {
    let start = place
    let second = place + 1 < bytes.count ? bytes[place + 1] : 0
    if second == UInt8(ascii: "/") {
      while place < bytes.count, bytes[place] != 0x0A, bytes[place] != 0x0D { place += 1 }
      return
    }
    guard second == UInt8(ascii: "*") else {
      throw error(bytes, "a single \"/\" begins nothing: comments are // and /* */")
    }
    place += 2
    while place + 1 < bytes.count {
      if bytes[place] == UInt8(ascii: "*"), bytes[place + 1] == UInt8(ascii: "/") {
        place += 2
        return
      }
      place += 1
    }
    throw error(bytes, "this comment is never closed", at: start)
  }

  /// A key in quotes or an identifier of ECMAScript.
  mutating func key(_ bytes: Span<UInt8>) throws(JSON5Error) -> String {
    let byte = bytes[place]
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try string(bytes) }
    if byte == UInt8(ascii: ",") { throw error(bytes, "a comma with nothing before it") }
    let key = try identifier(bytes)
    guard !key.isEmpty else {
      throw error(bytes, "a key is expected here: a name, or anything in quotes")
    }
    return key
  }

  private mutating func identifier(_ bytes: Span<UInt8>) throws(JSON5Error) -> String {
    var text = ""
    while place < bytes.count {
      let start = place
      let scalar: Unicode.Scalar
      if bytes[place] == UInt8(ascii: "\\") {
        guard place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "u") else {
          throw error(bytes, "only \\u escapes may stand in a key without quotes")
        }
        scalar = try jsonEscape(bytes)
      } else {
        scalar = self.scalar(bytes, at: place)
        place += scalar.utf8.count
      }
      guard isIdentifier(scalar, first: text.isEmpty) else {
        place = start
        return text
      }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  private func isIdentifier(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    if scalar == "$" || scalar == "_" || scalar.properties.isIDStart { return true }
    return !first
      && (scalar.properties.isIDContinue || scalar.value == 0x200C || scalar.value == 0x200D)
  }

  /// `true`, `false`, `null`, or an error that says what else the word may have been meant as.
  mutating func word(_ bytes: Span<UInt8>) throws(JSON5Error) -> JSON5Node.Content {
    let start = place
    if bytes[place] == UInt8(ascii: ",") {
      throw error(bytes, "a value is missing before the comma")
    }
    let name = try identifier(bytes)
    switch name {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "Infinity", "NaN": throw error(bytes, "\(name) is no value for a setting", at: start)
    case "": throw error(bytes, "a value is expected here", at: start)
    default: throw error(bytes, "text wants quotes: \"\(name)\"", at: start)
    }
  }

  mutating func string(_ bytes: Span<UInt8>) throws(JSON5Error) -> String {
    let start = place
    let quote = bytes[place]
    var content: [UInt8] = []
    place += 1
    while place < bytes.count {
      let byte = bytes[place]
      switch byte {
      case quote:
        place += 1
        return String(decoding: content, as: UTF8.self)
      case 0x0A, 0x0D:
        throw error(bytes, "the line ends inside a string: close it, or end the line with \\")
      case UInt8(ascii: "\\"): try escape(bytes, into: &content)
      default:
        content.append(byte)
        place += 1
      }
    }
    throw error(bytes, "this string is never closed", at: start)
  }

  private mutating func escape(
    _ bytes: Span<UInt8>, into content: inout [UInt8]
  ) throws(JSON5Error) {
    guard place + 1 < bytes.count else { throw error(bytes, "the text ends in an escape") }
    switch bytes[place + 1] {
    case UInt8(ascii: "v"): content.append(0x0B)
    case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
      UInt8(ascii: "t"), UInt8(ascii: "u"):
      content.append(contentsOf: try jsonEscape(bytes).utf8)
      return
    case UInt8(ascii: "x"):
      content.append(contentsOf: try byteEscape(bytes).utf8)
      return
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      let isNull = bytes[place + 1] == UInt8(ascii: "0")
      guard isNull, place + 2 == bytes.count || !JSONScan.isDigit(bytes[place + 2]) else {
        throw error(bytes, "\\ before a digit: only \\0 exists, with no digit behind it")
      }
      content.append(0)
    case 0x0D:  // The line goes on in the next; CR LF is one end of line.
      place += place + 2 < bytes.count && bytes[place + 2] == 0x0A ? 3 : 2
      return
    case 0x0A: break
    default:
      // Any other character stands for itself, but a line of its own kind for nothing.
      let scalar = self.scalar(bytes, at: place + 1)
      if scalar.value != 0x2028, scalar.value != 0x2029 {
        content.append(contentsOf: scalar.utf8)
      }
      place += 1 + scalar.utf8.count
      return
    }
    place += 2
  }

  /// The escapes that JSON has too.
  private mutating func jsonEscape(_ bytes: Span<UInt8>) throws(JSON5Error) -> Unicode.Scalar {
    do {
      let (scalar, end) = try JSONScan.escape(bytes, at: place)
      place = end
      return scalar
    } catch { throw self.error(bytes, "\(error.code.sentence)") }
  }

  private mutating func byteEscape(_ bytes: Span<UInt8>) throws(JSON5Error) -> Unicode.Scalar {
    guard place + 4 <= bytes.count,
      let value = hexadecimal(bytes.extracting((place + 2)..<(place + 4)))
    else { throw error(bytes, "\\x wants two hexadecimal digits") }
    place += 4
    return Unicode.Scalar(UInt8(value))
  }

  /// The value of these digits, if that is what all of them are and it fits.
  func hexadecimal(_ digits: Span<UInt8>) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for index in digits.indices {
      let character = Character(Unicode.Scalar(digits[index]))
      guard let digit = character.hexDigitValue, value >> 60 == 0 else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// The scalar at a place where one starts. The text was checked before, so it is whole.
  private func scalar(_ bytes: Span<UInt8>, at place: Int) -> Unicode.Scalar {
    guard bytes[place] >= 0x80 else { return Unicode.Scalar(bytes[place]) }
    let end = (try? JSONScan.scalarEnd(bytes, from: place)) ?? place + 1  // Checked: see above.
    let text = unsafe bytes.extracting(place..<end).withUnsafeBufferPointer {
      unsafe String(decoding: $0, as: UTF8.self)
    }
    return text.unicodeScalars.first ?? "\u{FFFD}"
  }
}
