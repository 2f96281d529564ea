package import JSON

/// Builds the canonical encoding of one object, straight from a client's JSON: no tree, and in the
/// steady state no allocation. Members may come in any order and from several places.
///
/// A member's encoding is put behind the others as it comes; when its object ends, the members are
/// brought into order, which for few or sorted keys costs next to nothing.
package struct PropertiesBuilder {
  /// Who sent a member that may come from two places: what was given as such wins.
  package enum Origin: UInt8, Sendable { case given = 0, fallback = 1 }

  /// One member of an object that is still open, as a place in `content`.
  struct Member {
    /// The key's first eight bytes as a number, which decides nearly every comparison.
    var prefix: UInt64 = 0
    /// Where its encoding begins: the varint before the key.
    var start: UInt32 = 0
    var keyStart: UInt32 = 0
    var keyCount: UInt32 = 0
    var end: UInt32 = 0
    var origin = Origin.given
  }

  struct Frame {
    var isObject: Bool
    /// Where the tag stands.
    var start: Int
    var firstMember: Int
  }

  var content = ScratchBytes()
  /// Members in their right order, on the way back into `content`.
  var ordered = ScratchBytes()
  var members: [Member] = []
  private var unescaped: [UInt8] = []
  private var frames: [Frame] = []
  /// Members of all objects so far, ended ones included.
  private var memberCount = 0

  package init() {}

  package var isEmpty: Bool { members.isEmpty }

  package mutating func removeAll() {
    content.truncate(to: 0)
    members.removeAll(keepingCapacity: true)
    frames.removeAll(keepingCapacity: true)
    memberCount = 0
  }

  /// Appends the object to `output`, in order, and starts anew.
  mutating func finish(into output: inout ScratchBytes) throws(EventProblem) {
    try order(from: 0)
    output.append(Properties.Tag.object.rawValue)
    let length = output.count
    output.append(littleEndian: UInt32(0))
    for member in members {
      output.append(copying: Int(member.start)..<Int(member.end), of: content)
    }
    output.patch(littleEndian: UInt32(output.count - length - 4), at: length)
    removeAll()
  }
}

// Adding members.
extension PropertiesBuilder {
  /// Adds all members of the object that is due; null stands for an object without any.
  package mutating func addMembers(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>, field: StaticString = "",
    _ origin: Origin = .given
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .object: break
    case .null: return try cursor.nullValue(bytes)
    default: throw .wrongType(field: field.description, expected: "an object")
    }
    try cursor.openObject(bytes)
    while let key = try cursor.key(bytes) {
      try beginMember(key, bytes, origin)
      try addValue(of: &cursor, bytes)
      endMember()
    }
  }

  /// Adds the value that is due under the key that was read before it.
  package mutating func addMember(
    _ key: JSONText, of cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ origin: Origin = .given
  ) throws(EventProblem) {
    try beginMember(key, bytes, origin)
    try addValue(of: &cursor, bytes)
    endMember()
  }

  /// Adds the value that is due under a name of ours.
  package mutating func addMember(
    _ key: StaticString, of cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ origin: Origin = .given
  ) throws(EventProblem) {
    try beginMember(key, origin)
    try addValue(of: &cursor, bytes)
    endMember()
  }

  /// Adds text that is UTF-8.
  package mutating func addMember(
    _ key: StaticString, text: Span<UInt8>, _ origin: Origin = .given
  ) throws(EventProblem) {
    try beginMember(key, origin)
    content.append(Properties.Tag.string.rawValue)
    content.append(prefixed: text)
    endMember()
  }

  package mutating func addMember(
    _ key: StaticString, text: StaticString
  ) throws(EventProblem) {
    try beginMember(key, .given)
    content.append(Properties.Tag.string.rawValue)
    content.append(varint: UInt64(text.utf8CodeUnitCount))
    content.append(copying: text)
    endMember()
  }

  /// Adds what the receiver knows, beside what the limits allow a client; a member that the client
  /// gave under this key stays.
  mutating func fill(_ key: StaticString, with place: Range<Int>, of texts: ScratchBytes) {
    fill(key, with: texts.storage.span.extracting(place))
  }

  mutating func fill(_ key: StaticString, with text: Span<UInt8>) {
    let start = content.count
    content.append(varint: UInt64(key.utf8CodeUnitCount))
    content.append(copying: key)
    append(memberFrom: start, .fallback)
    content.append(Properties.Tag.string.rawValue)
    content.append(prefixed: text)
    endMember()
  }

  package mutating func addMember(
    _ key: StaticString, number: JSONNumber, _ origin: Origin = .given
  ) throws(EventProblem) {
    try beginMember(key, origin)
    append(number)
    endMember()
  }

  package mutating func addMember(
    _ key: JSONText, _ bytes: Span<UInt8>, number: JSONNumber
  ) throws(EventProblem) {
    try beginMember(key, bytes, .given)
    append(number)
    endMember()
  }

  /// Adds the members between this call and `endObject` as an object of their own. Such objects do
  /// not nest.
  package mutating func beginObject(_ key: StaticString) throws(EventProblem) {
    try beginMember(key, .given)
    openFrame(isObject: true)
  }

  package mutating func endObject() throws(EventProblem) {
    try closeObject()
    endMember()
  }
}

// One value, whatever is in it.
extension PropertiesBuilder {
  private mutating func addValue(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    let base = frames.count
    while true {
      switch try cursor.kind(bytes) {
      case .string:
        content.append(Properties.Tag.string.rawValue)
        append(try cursor.textValue(bytes), bytes)
      case .number: append(try cursor.numberValue(bytes))
      case .true, .false:
        let tag: Properties.Tag = try cursor.boolValue(bytes) ? .true : .false
        content.append(tag.rawValue)
      case .null:
        try cursor.nullValue(bytes)
        content.append(Properties.Tag.null.rawValue)
      case .object:
        try requireDepth()
        try cursor.openObject(bytes)
        openFrame(isObject: true)
        // The members follow below: an object opens with no value to end.
        if try beginNext(of: &cursor, bytes) { continue }
        try closeObject()
      case .array:
        try requireDepth()
        try cursor.openArray(bytes)
        openFrame(isObject: false)
        if try cursor.hasElement(bytes) { continue }
        closeArray()
      }
      if try endValues(of: &cursor, bytes, above: base) { return }
    }
  }

  /// Behind a value: leaves what ends here and begins what follows. True once `base` is reached.
  @inline(__always)
  private mutating func endValues(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>, above base: Int
  ) throws(EventProblem) -> Bool {
    while frames.count > base {
      if frames[frames.count &- 1].isObject {
        endMember()
        if try beginNext(of: &cursor, bytes) { return false }
        try closeObject()
      } else {
        if try cursor.hasElement(bytes) { return false }
        closeArray()
      }
    }
    return true
  }

  @inline(__always)
  private mutating func beginNext(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) -> Bool {
    guard let key = try cursor.key(bytes) else { return false }
    try beginMember(key, bytes, .given)
    return true
  }

  private func requireDepth() throws(EventProblem) {
    // The object that this builds is the first level, the open frames are further ones.
    guard frames.count < EventLimits.propertiesDepth - 1 else { throw .tooDeep }
  }

  private mutating func openFrame(isObject: Bool) {
    frames.append(
      Frame(isObject: isObject, start: content.count, firstMember: members.count))
    let tag: Properties.Tag = isObject ? .object : .array
    content.append(tag.rawValue)
    content.append(littleEndian: UInt32(0))
  }

  private mutating func closeArray() {
    let frame = frames.removeLast()
    content.patch(littleEndian: UInt32(content.count - frame.start - 5), at: frame.start + 1)
  }

  private mutating func closeObject() throws(EventProblem) {
    let frame = frames.removeLast()
    try order(from: frame.firstMember)
    rewrite(from: frame.firstMember, at: frame.start + 5)
    members.removeLast(members.count - frame.firstMember)
    content.patch(littleEndian: UInt32(content.count - frame.start - 5), at: frame.start + 1)
  }
}

// Keys and scalars.
extension PropertiesBuilder {
  @inline(__always)
  private mutating func beginMember(
    _ key: JSONText, _ bytes: Span<UInt8>, _ origin: Origin
  ) throws(EventProblem) {
    let start = content.count
    append(key, bytes)
    try noteMember(from: start, origin)
  }

  private mutating func beginMember(
    _ key: StaticString, _ origin: Origin
  ) throws(EventProblem) {
    let start = content.count
    content.append(varint: UInt64(key.utf8CodeUnitCount))
    content.append(copying: key)
    try noteMember(from: start, origin)
  }

  /// Enters the member whose key has just been written.
  @inline(__always)
  private mutating func noteMember(from start: Int, _ origin: Origin) throws(EventProblem) {
    memberCount &+= 1
    guard memberCount <= EventLimits.properties else { throw .tooManyProperties }
    append(memberFrom: start, origin)
  }

  @inline(__always)
  private mutating func append(memberFrom start: Int, _ origin: Origin) {
    let lengthBytes = content.varintLength(at: start)
    let keyStart = start &+ lengthBytes
    let keyCount = content.count &- keyStart
    members.append(
      Member(
        prefix: content.prefix(at: keyStart, length: keyCount), start: UInt32(start),
        keyStart: UInt32(keyStart), keyCount: UInt32(keyCount), origin: origin))
  }

  @inline(__always)
  private mutating func endMember() {
    members[members.count &- 1].end = UInt32(content.count)
  }

  /// A varint of the length, and the text with its escapes resolved.
  @inline(__always)
  private mutating func append(_ text: JSONText, _ bytes: Span<UInt8>) {
    guard text.hasEscapes else { return content.append(prefixed: bytes.extracting(text.range)) }
    unescaped.removeAll(keepingCapacity: true)
    text.append(to: &unescaped, from: bytes)
    content.append(prefixed: unescaped)
  }

  @inline(__always)
  private mutating func append(_ number: JSONNumber) {
    switch number {
    case .integer(let value):
      content.append(Properties.Tag.integer.rawValue)
      content.append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    case .double(let value):
      content.append(Properties.Tag.double.rawValue)
      content.append(littleEndian: value.bitPattern)
    }
  }
}
