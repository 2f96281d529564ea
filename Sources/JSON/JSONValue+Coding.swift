extension JSONValue {
  /// The document that `bytes` are, all of them; white space around it is fine, a key that its
  /// object has twice is not.
  package init(
    parsing bytes: Span<UInt8>, maximumDepth: Int = JSONCursor.defaultMaximumDepth
  ) throws(JSONError) {
    var cursor = JSONCursor(maximumDepth: maximumDepth)
    self = try cursor.value(bytes)
    try cursor.finish(bytes)
  }

  package init(parsing text: String) throws(JSONError) { try self.init(parsing: text.utf8.span) }

  /// The value as compact JSON.
  package var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }
}

extension JSONValue: CustomStringConvertible {
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONWriter {
  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): integer(number)
    case .double(let number): double(number)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        key(member.key)
        self.value(member.value)
      }
      endObject()
    }
  }
}

extension JSONCursor {
  /// Reads the value that is due into memory, whatever it is.
  package mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    var open: [Container] = []
    while true {
      // At a value. Containers wait on a stack of our own until they are complete.
      var value: JSONValue
      switch try peek(bytes) {
      case .object:
        try enterObject(bytes)
        open.append(.object(ObjectBuilder()))
        value = .null
      case .array:
        try enterArray(bytes)
        open.append(.array([]))
        value = .null
      case let kind:
        value = try scalar(bytes, kind)
        guard !open.isEmpty else { return value }
        open[open.count - 1].append(value)
      }
      while let ended = try next(bytes, in: &open[open.count - 1]) {
        value = ended
        open.removeLast()
        guard !open.isEmpty else { return value }
        open[open.count - 1].append(value)
      }
    }
  }

  private mutating func scalar(
    _ bytes: Span<UInt8>, _ kind: JSONKind
  ) throws(JSONError) -> JSONValue {
    switch kind {
    case .string: return .string(try text(bytes).string(in: bytes))
    case .number:
      switch try number(bytes) {
      case .integer(let number): return .integer(number)
      case .double(let number): return .double(number)
      }
    case .true, .false: return .bool(try bool(bytes))
    case .null, .object, .array:
      try null(bytes)
      return .null
    }
  }

  /// Goes to the container's next value, or answers the container if it ends here.
  private mutating func next(
    _ bytes: Span<UInt8>, in container: inout Container
  ) throws(JSONError) -> JSONValue? {
    switch container {
    case .array(let elements): return try nextElement(bytes) ? nil : .array(elements)
    case .object(var object):
      guard let key = try nextKey(bytes) else { return .object(object.members) }
      container = .array([])  // So that the members have one owner while they grow.
      let isNew = object.begin(key.string(in: bytes))
      container = .object(object)
      guard isNew else { throw JSONError(.duplicateKey, at: key.range.lowerBound &- 1) }
      return nil
    }
  }
}

private enum Container {
  case array([JSONValue])
  case object(ObjectBuilder)

  mutating func append(_ value: JSONValue) {
    switch self {
    case .array(var elements):
      self = .array([])
      elements.append(value)
      self = .array(elements)
    case .object(var object):
      self = .array([])
      object.end(value)
      self = .object(object)
    }
  }
}

/// An object whose last key may still wait for its value.
struct ObjectBuilder {
  private(set) var members: [JSONMember] = []
  private var keys = UniqueKeys()
  private var key = ""

  /// False where the object has the key already.
  mutating func begin(_ key: String) -> Bool {
    self.key = key
    return keys.insert(key)
  }

  mutating func end(_ value: JSONValue) { members.append(JSONMember(key, value)) }
}

/// The keys of one object, compared by their bytes.
struct UniqueKeys {
  private var few: [String] = []
  private var many: Set<[UInt8]> = []

  mutating func insert(_ key: String) -> Bool {
    if many.isEmpty, few.count < 16 {
      // Equal bytes are equal text, and text is compared faster.
      guard !few.contains(where: { $0 == key && $0.utf8.elementsEqual(key.utf8) }) else {
        return false
      }
      few.append(key)
      return true
    }
    if many.isEmpty { many = Set(few.map { Array($0.utf8) }) }
    return many.insert(Array(key.utf8)).inserted
  }
}
