import JSON
import Query

/// How values are spelled in the lines of an export.
enum Spelling {
  static func append(_ value: Value, _ format: EventExport.Format, to arena: ByteArena) {
    switch value {
    case .null: if format == .json { append("null", to: arena) }
    case .bool(let flag): append(flag ? "true" : "false", to: arena)
    case .integer(let number): append(number, to: arena)
    case .double(let number): append(number.description, to: arena)
    case .string(let text):
      let bytes = Array(text.utf8)
      append(text: bytes.span, format, to: arena)
    }
  }

  private static func append(_ text: String, to arena: ByteArena) {
    let bytes = Array(text.utf8)
    arena.append(bytes.span)
  }

  static func append(text: Span<UInt8>, _ format: EventExport.Format, to arena: ByteArena) {
    switch format {
    case .csv:
      guard text.isEmpty || needsQuotes(text) else { return arena.append(text) }
      arena.append(UInt8(ascii: "\""))
      for index in text.indices {
        if text[index] == UInt8(ascii: "\"") { arena.append(UInt8(ascii: "\"")) }
        arena.append(text[index])
      }
      arena.append(UInt8(ascii: "\""))
    case .json:
      var json = JSONWriter()
      json.string(utf8: text)
      let bytes = json.bytes
      arena.append(bytes.span)
    }
  }

  private static func needsQuotes(_ text: Span<UInt8>) -> Bool {
    var found: UInt8 = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      found |= byte == 0x22 || byte == 0x2C || byte == 0x0A || byte == 0x0D ? 1 : 0
      index &+= 1
    }
    return found != 0
  }

  /// The digits of a number, at most twenty of them.
  @inline(__always)
  static func append(_ number: Int64, to arena: ByteArena) {
    arena.reserve(20)
    // SAFETY: there is room for twenty bytes.
    arena.commit(unsafe write(number, to: arena.start + arena.count))
  }

  /// SAFETY: the target has room for twenty bytes.
  @inline(__always)
  static func write(_ number: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = number.magnitude
    var length = 1
    var limit: UInt64 = 10
    while length < 19, rest >= limit {
      length &+= 1
      limit = limit &* 10
    }
    if length == 19, rest >= limit { length = rest >= 10_000_000_000_000_000_000 ? 20 : 19 }
    let sign = number < 0 ? 1 : 0
    if sign == 1 { unsafe target[0] = UInt8(ascii: "-") }
    var place = sign &+ length
    while place > sign {
      place &-= 1
      unsafe target[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    }
    return sign &+ length
  }
}
