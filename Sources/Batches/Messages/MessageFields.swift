import Crypto
import Events
package import JSON

/// What is wrong with a message of the pair, for the log.
package enum MessageProblem: Error, Equatable, Sendable {
  case json(JSONError)
  /// The field is missing or is not what it has to be.
  case field(String)
  case badSignature
}

/// Reads the fields of one JSON object. Fields that nobody asks for are left alone: a later version
/// may have put them there (RELIABILITY V4).
struct MessageFields {
  private let value: JSONValue
  private let path: String

  init(parsing bytes: Span<UInt8>) throws(MessageProblem) {
    do { try self.init(JSONValue(parsing: bytes), at: "") } catch let error as MessageProblem {
      throw error
    } catch let error as JSONError { throw .json(error) } catch { throw .field("") }
  }

  init(_ value: JSONValue, at path: String) throws(MessageProblem) {
    guard value.object != nil else { throw .field(path) }
    self.value = value
    self.path = path
  }

  func has(_ key: String) -> Bool { value[key].map { $0 != .null } ?? false }

  func problem(_ key: String) -> MessageProblem { .field(path.isEmpty ? key : "\(path).\(key)") }

  func text(_ key: String) throws(MessageProblem) -> String {
    guard let text = value[key]?.string else { throw problem(key) }
    return text
  }

  func integer(_ key: String) throws(MessageProblem) -> Int64 {
    guard let number = value[key]?.integer else { throw problem(key) }
    return number
  }

  /// A count or a number that starts at zero.
  func count(_ key: String) throws(MessageProblem) -> UInt64 {
    guard let count = UInt64(exactly: try integer(key)) else { throw problem(key) }
    return count
  }

  func size(_ key: String) throws(MessageProblem) -> Int { Int(try count(key)) }

  func bool(_ key: String) throws(MessageProblem) -> Bool {
    guard let flag = value[key]?.bool else { throw problem(key) }
    return flag
  }

  /// Anything that has exactly one text.
  func parsed<Value: LosslessStringConvertible>(
    _ key: String, _ type: Value.Type = Value.self
  ) throws(MessageProblem) -> Value {
    guard let value = Value(try text(key)) else { throw problem(key) }
    return value
  }

  func project(_ key: String) throws(MessageProblem) -> ProjectID {
    guard let project = try? ProjectID(text(key)) else { throw problem(key) }  // No project at all.
    return project
  }

  func digest(_ key: String) throws(MessageProblem) -> Digest {
    guard let digest = Digest(hex: try text(key)) else { throw problem(key) }
    return digest
  }

  func bytes(_ key: String, count: Int? = nil) throws(MessageProblem) -> [UInt8] {
    guard let bytes = Base64.url.decode(try text(key)), bytes.count == count ?? bytes.count else {
      throw problem(key)
    }
    return bytes
  }

  func key(_ key: String) throws(MessageProblem) -> VerifyingKey {
    let bytes = try bytes(key, count: VerifyingKey.byteCount)
    do { return try VerifyingKey(checking: bytes.span) } catch { throw problem(key) }
  }

  func object(_ key: String) throws(MessageProblem) -> MessageFields {
    guard let inner = value[key] else { throw problem(key) }
    return try MessageFields(inner, at: path.isEmpty ? key : "\(path).\(key)")
  }

  func objects<Element>(
    _ key: String, _ read: (MessageFields) throws(MessageProblem) -> Element
  ) throws(MessageProblem) -> [Element] {
    guard let array = value[key]?.array else { throw problem(key) }
    var elements: [Element] = []
    for (index, element) in array.enumerated() {
      elements.append(try read(MessageFields(element, at: "\(path)\(key)[\(index)]")))
    }
    return elements
  }

  func integers(_ key: String) throws(MessageProblem) -> [Int64] {
    guard let array = value[key]?.array else { throw problem(key) }
    let integers = array.compactMap(\.integer)
    guard integers.count == array.count else { throw problem(key) }
    return integers
  }

  func texts(_ key: String) throws(MessageProblem) -> [String] {
    guard let array = value[key]?.array else { throw problem(key) }
    var texts: [String] = []
    for element in array {
      guard let text = element.string else { throw problem(key) }
      texts.append(text)
    }
    return texts
  }
}

extension JSONWriter {
  mutating func field(_ name: String, _ text: String) {
    key(name)
    string(text)
  }

  mutating func field(_ name: String, _ number: some BinaryInteger) {
    key(name)
    integer(number)
  }

  mutating func field(_ name: String, _ flag: Bool) {
    key(name)
    bool(flag)
  }

  mutating func field(_ name: String, bytes: [UInt8]) {
    field(name, Base64.url.encode(bytes.span))
  }

  mutating func field<Element>(
    _ name: String, _ elements: [Element], _ write: (inout JSONWriter, Element) -> Void
  ) {
    key(name)
    beginArray()
    for element in elements { write(&self, element) }
    endArray()
  }

  /// An object with these fields.
  mutating func object(_ write: (inout JSONWriter) -> Void) {
    beginObject()
    write(&self)
    endObject()
  }

  static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.object(write)
    return writer.bytes
  }
}
