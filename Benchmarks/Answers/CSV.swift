import JSON

/// Lines of a file of comma-separated values: texts in quotes where they need them.
struct CSVLines {
  private var bytes: [UInt8] = []
  private var isFirst = true

  mutating func add(_ value: JSONValue) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    switch value {
    case .null: break
    case .string(let text): add(text)
    default: bytes.append(contentsOf: value.description.utf8)
    }
  }

  private mutating func add(_ text: String) {
    let needsQuotes = text.utf8.contains { byte in
      byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
    }
    guard needsQuotes || text.utf8.isEmpty else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func add(header fields: [String]) {
    for field in fields { add(.string(field)) }
    endLine()
  }

  /// What has come together since the last time.
  mutating func take() -> [UInt8] {
    let taken = bytes
    bytes = []
    return taken
  }

  mutating func endLine() {
    bytes.append(0x0A)
    isFirst = true
  }
}
