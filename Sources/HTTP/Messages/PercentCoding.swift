private import Platform

/// Text out of percent-encoded bytes: by the strict rules of a path, or a form's forgiving ones.
package enum PercentCoding {
  /// A text as one value of a query: everything but letters, digits and `-._~` is escaped.
  package static func encode(_ text: String) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      if Byte.isLetter(byte) || Byte.isDigit(byte) || "-._~".utf8.contains(byte) {
        encoded.append(byte)
      } else {
        encoded.append(UInt8(ascii: "%"))
        let digits = Array("0123456789ABCDEF".utf8)
        encoded += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// One segment of a path. Nil where a percent sign is not followed by two hexadecimal digits, and
  /// where the result is not UTF-8 or holds a control character.
  static func segment(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      var byte = bytes[position]
      if byte == UInt8(ascii: "%") {
        guard let escaped = escaped(bytes, position, range.upperBound) else { return nil }
        byte = escaped
        position += 2
      }
      guard byte >= 0x20, byte != 0x7F else { return nil }
      decoded.append(byte)
      position += 1
    }
    return String(validating: decoded.span)
  }

  /// A name or value of `application/x-www-form-urlencoded`, as the WHATWG's URL standard reads it:
  /// `+` is a space, and a percent sign that escapes nothing is itself.
  static func form(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(range.count)
    var position = range.lowerBound
    while position < range.upperBound {
      let byte = bytes[position]
      if byte == UInt8(ascii: "%"), let escaped = escaped(bytes, position, range.upperBound) {
        decoded.append(escaped)
        position += 2
      } else {
        decoded.append(byte == UInt8(ascii: "+") ? Byte.space : byte)
      }
      position += 1
    }
    return decoded
  }

  private static func escaped(_ bytes: Span<UInt8>, _ position: Int, _ end: Int) -> UInt8? {
    guard end - position > 2, let high = Byte.hexValue(bytes[position + 1]),
      let low = Byte.hexValue(bytes[position + 2])
    else { return nil }
    return high << 4 | low
  }
}

/// The pairs of a form or a query, in their order: a place in bytes that somebody else owns.
package struct FormReader: Sendable {
  /// One pair; the value of a name without `=` is empty.
  package struct Field: Equatable, Sendable {
    package let name: Range<Int>
    package let value: Range<Int>

    package func name(in bytes: Span<UInt8>) -> String {
      String(decoding: PercentCoding.form(bytes, name), as: UTF8.self)
    }
    package func value(in bytes: Span<UInt8>) -> String {
      String(decoding: valueBytes(in: bytes), as: UTF8.self)
    }
    /// The decoded value, whatever it is: some clients put base64 there, some bytes.
    package func valueBytes(in bytes: Span<UInt8>) -> [UInt8] {
      PercentCoding.form(bytes, value)
    }
  }

  private var position: Int
  private let end: Int

  package init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  package mutating func next(_ bytes: Span<UInt8>) -> Field? {
    while position < end {
      let start = position
      var equals: Int?
      while position < end, bytes[position] != UInt8(ascii: "&") {
        if equals == nil, bytes[position] == Byte.equals { equals = position }
        position += 1
      }
      let stop = position
      position += 1
      guard start < stop else { continue }
      guard let equals else { return Field(name: start..<stop, value: stop..<stop) }
      return Field(name: start..<equals, value: (equals + 1)..<stop)
    }
    return nil
  }
}

extension RequestHead {
  /// The segments of the path, decoded one by one, so that an encoded slash stays inside its own.
  ///
  /// `/` has none, `/a/` has two, the second empty. Nil for a path nobody honest sends: with bad
  /// escapes, control characters, text that is not UTF-8, or the segments `.` and `..`, which
  /// clients resolve themselves.
  package var pathSegments: [String]? {
    guard target.path.count > 1 else { return [] }
    let bytes = fields.bytes.span
    var segments: [String] = []
    var start = target.path.lowerBound + 1
    for position in start...target.path.upperBound
    where position == target.path.upperBound || bytes[position] == Byte.slash {
      guard let segment = PercentCoding.segment(bytes, start..<position), segment != ".",
        segment != ".."
      else { return nil }
      segments.append(segment)
      start = position + 1
    }
    return segments
  }

  /// The value of the first query parameter called `name`.
  package func query(_ name: String) -> String? {
    guard let query = target.query else { return nil }
    let bytes = fields.bytes.span
    var reader = FormReader(query)
    while let field = reader.next(bytes) {
      if field.name(in: bytes) == name { return field.value(in: bytes) }
    }
    return nil
  }

  /// Whether every name and value of the query is UTF-8 once it is decoded.
  package var isQueryText: Bool {
    guard let query = target.query else { return true }
    let bytes = fields.bytes.span
    var reader = FormReader(query)
    while let field = reader.next(bytes) {
      for range in [field.name, field.value] {
        let decoded = PercentCoding.form(bytes, range)
        if String(validating: decoded.span) == nil { return false }
      }
    }
    return true
  }

  /// All query parameters in their order.
  package var queryFields: [(name: String, value: String)] {
    guard let query = target.query else { return [] }
    let bytes = fields.bytes.span
    var reader = FormReader(query)
    var found: [(name: String, value: String)] = []
    while let field = reader.next(bytes) {
      found.append((field.name(in: bytes), field.value(in: bytes)))
    }
    return found
  }

  /// The value of the first cookie called `name`, as sent.
  package func cookie(_ name: StaticString) -> String? {
    let bytes = fields.bytes.span
    var index = fields.index(of: "cookie")
    while let found = index {
      var start = fields.valueRange(at: found).lowerBound
      let end = fields.valueRange(at: found).upperBound
      while start < end {
        var stop = start
        while stop < end, bytes[stop] != Byte.semicolon { stop += 1 }
        while start < stop, Byte.isBlank(bytes[start]) { start += 1 }
        let nameEnd = start + name.utf8CodeUnitCount
        if nameEnd < stop, bytes[nameEnd] == Byte.equals,
          Scan.equals(name, at: start..<nameEnd, in: bytes)
        {
          return fields.text(in: (nameEnd + 1)..<stop)
        }
        start = stop + 1
      }
      index = fields.index(of: "cookie", from: found + 1)
    }
    return nil
  }
}
