/// Reads configuration written as JSON5 (json5.org): JSON with comments, trailing commas, keys
/// without quotes, single quotes, strings over several lines, hexadecimal numbers, and signs and
/// points that stand alone. `Infinity` and `NaN` are refused, since no setting means them, and so
/// is a key that stands twice in one object. Nesting is bounded, so recursion is.
package struct JSON5Parser {
  package static let maximumDepth = 32

  var place = 0
  private var counter = LineCounter()
  private var depth = 0

  private init() {}

  /// The one value that the text is.
  package static func parse(_ bytes: Span<UInt8>) throws(JSON5Error) -> JSON5Node {
    var parser = JSON5Parser()
    try parser.checkUTF8(bytes)
    try parser.skipBlanks(bytes)
    guard parser.place < bytes.count else { throw parser.error(bytes, "the text is empty") }
    let node = try parser.value(bytes, path: "")
    try parser.skipBlanks(bytes)
    guard parser.place == bytes.count else {
      throw parser.error(bytes, "something follows the value that the text is")
    }
    return node
  }

  package static func parse(_ text: String) throws(JSON5Error) -> JSON5Node {
    try parse(text.utf8.span)
  }

  mutating func error(_ bytes: Span<UInt8>, _ message: String, at place: Int? = nil) -> JSON5Error {
    JSON5Error(
      position: counter.position(bytes, at: place ?? self.place), message: message)
  }

  private mutating func checkUTF8(_ bytes: Span<UInt8>) throws(JSON5Error) {
    var index = 0
    while index < bytes.count {
      guard bytes[index] >= 0x80 else {
        index += 1
        continue
      }
      do { index = try JSONScan.scalarEnd(bytes, from: index) } catch {
        throw self.error(bytes, "not UTF-8", at: index)
      }
    }
  }

  private mutating func value(_ bytes: Span<UInt8>, path: String) throws(JSON5Error) -> JSON5Node {
    guard place < bytes.count else { throw error(bytes, "a value is missing: the text ends") }
    let position = counter.position(bytes, at: place)
    let content: JSON5Node.Content
    switch bytes[place] {
    case UInt8(ascii: "{"): content = .object(try object(bytes, path: path))
    case UInt8(ascii: "["): content = .array(try array(bytes, path: path))
    case UInt8(ascii: "\""), UInt8(ascii: "'"): content = .string(try string(bytes))
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      content = try number(bytes)
    default: content = try word(bytes)
    }
    return JSON5Node(position: position, path: path, content: content)
  }

  private mutating func object(
    _ bytes: Span<UInt8>, path: String
  ) throws(JSON5Error) -> [JSON5Member] {
    let start = try open(bytes)
    var members: [JSON5Member] = []
    var keys = UniqueKeys()
    while try !closes(bytes, UInt8(ascii: "}"), opened: start) {
      let keyPlace = place
      let position = counter.position(bytes, at: place)
      let key = try self.key(bytes)
      guard keys.insert(key) else {
        throw error(bytes, "the key \"\(key)\" stands twice in one object", at: keyPlace)
      }
      try skipBlanks(bytes)
      guard place < bytes.count, bytes[place] == UInt8(ascii: ":") else {
        throw error(bytes, "a colon is missing behind the key \"\(key)\"")
      }
      place += 1
      try skipBlanks(bytes)
      let value = try value(bytes, path: path.isEmpty ? key : "\(path).\(key)")
      members.append(JSON5Member(key: key, position: position, value: value))
      try separate(bytes, UInt8(ascii: "}"))
    }
    return members
  }

  private mutating func array(
    _ bytes: Span<UInt8>, path: String
  ) throws(JSON5Error) -> [JSON5Node] {
    let start = try open(bytes)
    var elements: [JSON5Node] = []
    while try !closes(bytes, UInt8(ascii: "]"), opened: start) {
      elements.append(try value(bytes, path: "\(path)[\(elements.count)]"))
      try separate(bytes, UInt8(ascii: "]"))
    }
    return elements
  }

  private mutating func open(_ bytes: Span<UInt8>) throws(JSON5Error) -> Int {
    guard depth < Self.maximumDepth else {
      throw error(bytes, "nested more than \(Self.maximumDepth) deep")
    }
    depth += 1
    place += 1
    return place - 1
  }

  /// Whether the container ends here; if so it is left.
  private mutating func closes(
    _ bytes: Span<UInt8>, _ closing: UInt8, opened: Int
  ) throws(JSON5Error) -> Bool {
    try skipBlanks(bytes)
    guard place < bytes.count else {
      let what = closing == UInt8(ascii: "}") ? "object" : "array"
      throw error(bytes, "this \(what) is never closed", at: opened)
    }
    guard bytes[place] == closing else { return false }
    place += 1
    depth -= 1
    return true
  }

  /// Between two values stands a comma; behind the last one may.
  private mutating func separate(_ bytes: Span<UInt8>, _ closing: UInt8) throws(JSON5Error) {
    try skipBlanks(bytes)
    guard place < bytes.count, bytes[place] != closing else { return }
    guard bytes[place] == UInt8(ascii: ",") else {
      let end = closing == UInt8(ascii: "}") ? "}" : "]"
      throw error(bytes, "a comma or \"\(end)\" is missing")
    }
    place += 1
  }
}
