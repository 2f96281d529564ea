private import CScan

/// Writes one JSON document as bytes, in the order of the calls. Commas and colons come by
/// themselves; that containers are closed and keys come before values is the caller's part.
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8]
  private var needsComma = false

  package init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Goes on behind bytes that exist already, with a new document.
  package init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  package mutating func key(_ key: String) {
    string(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func key(utf8 key: Span<UInt8>) {
    string(utf8: key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ text: String) { string(utf8: text.utf8.span) }

  /// Writes text that is known to be UTF-8.
  package mutating func string(utf8 text: Span<UInt8>) {
    startValue()
    bytes.append(UInt8(ascii: "\""))
    var index = 0
    while true {
      let end = Self.unescapedEnd(text, from: index)
      bytes.append(copying: text.extracting(index..<end))
      guard end < text.count else { break }
      escape(text[end])
      index = end + 1
    }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func integer(_ value: some BinaryInteger) {
    startValue()
    bytes.append(contentsOf: String(value).utf8)
  }

  /// The shortest text that reads back as this double, and as a double: 1 is `1.0`. What is not
  /// finite has no text in JSON and is `null`.
  package mutating func double(_ value: Double) {
    startValue()
    bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
  }

  package mutating func number(_ value: JSONNumber) {
    switch value {
    case .integer(let value): integer(value)
    case .double(let value): double(value)
    }
  }

  package mutating func bool(_ value: Bool) {
    startValue()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  package mutating func null() {
    startValue()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Inserts a value that is JSON already.
  package mutating func raw(_ json: Span<UInt8>) {
    startValue()
    bytes.append(copying: json)
  }

  /// Ends a line of NDJSON: what follows is a document of its own.
  package mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  private mutating func startValue() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func open(_ byte: UInt8) {
    startValue()
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    default:
      bytes.append(contentsOf: "u00".utf8)
      for digit in [byte >> 4, byte & 15] {
        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }

  private static func unescapedEnd(_ text: Span<UInt8>, from start: Int) -> Int {
    unsafe text.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, start < buffer.count else { return start }
      // SAFETY: `start` is inside the buffer and the scan is told how much is left of it.
      return unsafe start &+ cscan_unescaped(base + start, buffer.count &- start)
    }
  }
}
