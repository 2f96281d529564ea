/// A place in a JSON document that somebody else owns. The bytes are lent on every call, so a
/// cursor can be stored, and nothing is allocated unless the caller asks for a copy.
///
/// Reading is strict (RFC 8259, and UTF-8 throughout) and goes forward only; an error names the
/// byte and ends the reading. A caller walks with `enterObject` and `nextKey`, `enterArray` and
/// `nextElement`, and reads each value or leaves it: a value nobody read is stepped over, checked
/// as strictly as if it had been. Keys that appear twice are the caller's to find.
///
///     var cursor = JSONCursor()
///     try cursor.enterObject(bytes)
///     while let key = try cursor.nextKey(bytes) {
///       if key.equals("name", in: bytes) { name = try cursor.text(bytes) }
///     }
///     try cursor.finish(bytes)
package struct JSONCursor: Sendable {
  package static let defaultMaximumDepth = 32
  /// A depth is a bit in a word.
  package static let greatestMaximumDepth = 64

  private enum State { case valueDue, valueRead, opened }

  package private(set) var position: Int
  private let maximumDepth: Int
  private var state = State.valueDue
  private var nesting = Nesting()

  /// Starts at the value that begins at `position` or, behind white space, after it.
  package init(at position: Int = 0, maximumDepth: Int = Self.defaultMaximumDepth) {
    precondition((0...Self.greatestMaximumDepth).contains(maximumDepth), "no such depth")
    self.position = position
    self.maximumDepth = maximumDepth
  }

  /// How many objects and arrays are open around the place.
  package var depth: Int { nesting.depth }

  /// What kind of value comes next, by its first byte: nothing is consumed but white space.
  package mutating func peek(_ bytes: Span<UInt8>) throws(JSONError) -> JSONKind {
    let byte = try startValue(bytes)
    guard let kind = JSONKind(firstByte: byte) else {
      throw JSONError(.unexpectedByte, at: position)
    }
    return kind
  }

  package mutating func enterObject(_ bytes: Span<UInt8>) throws(JSONError) {
    try enter(bytes, UInt8(ascii: "{"), isObject: true)
  }

  package mutating func enterArray(_ bytes: Span<UInt8>) throws(JSONError) {
    try enter(bytes, UInt8(ascii: "["), isObject: false)
  }

  /// The next key of the object entered last, or nil once behind the object.
  package mutating func nextKey(_ bytes: Span<UInt8>) throws(JSONError) -> JSONText? {
    assert(nesting.isInObject, "not in an object")
    guard let byte = try nextMember(bytes, closing: UInt8(ascii: "}")) else { return nil }
    guard byte == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: position) }
    let key = try JSONScan.string(bytes, from: position &+ 1)
    position = JSONScan.contentStart(bytes, from: key.range.upperBound &+ 1)
    guard try JSONScan.byte(bytes, at: position) == UInt8(ascii: ":") else {
      throw JSONError(.unexpectedByte, at: position)
    }
    position &+= 1
    state = .valueDue
    return key
  }

  /// Whether the array entered last has one more value, which comes next; if not, it is left.
  package mutating func nextElement(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    assert(nesting.depth > 0 && !nesting.isInObject, "not in an array")
    guard try nextMember(bytes, closing: UInt8(ascii: "]")) != nil else { return false }
    state = .valueDue
    return true
  }

  /// Checks that only white space follows the document's value, which is stepped over if nobody has
  /// read it.
  package mutating func finish(_ bytes: Span<UInt8>) throws(JSONError) {
    assert(nesting.depth == 0, "something is open")
    if state == .valueDue { _ = try skip(bytes) }
    position = JSONScan.contentStart(bytes, from: position)
    guard position == bytes.count else { throw JSONError(.trailing, at: position) }
  }

  private mutating func enter(
    _ bytes: Span<UInt8>, _ opening: UInt8, isObject: Bool
  ) throws(JSONError) {
    guard try startValue(bytes) == opening else { throw wrongKind(bytes) }
    guard nesting.depth < maximumDepth else { throw JSONError(.tooDeep, at: position) }
    nesting.push(isObject: isObject)
    position &+= 1
    state = .opened
  }

  /// The first byte of what follows in the open container, behind the comma that belongs before it;
  /// nil where the container ends.
  @inline(__always)
  private mutating func nextMember(
    _ bytes: Span<UInt8>, closing: UInt8
  ) throws(JSONError) -> UInt8? {
    if state == .valueDue { _ = try skip(bytes) }
    position = JSONScan.contentStart(bytes, from: position)
    let byte = try JSONScan.byte(bytes, at: position)
    if byte == closing {
      nesting.pop()
      endValue(at: position &+ 1)
      return nil
    }
    guard state == .valueRead else { return byte }
    guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: position) }
    position = JSONScan.contentStart(bytes, from: position &+ 1)
    return try JSONScan.byte(bytes, at: position)
  }
}

// What the readers of single values are made of.
extension JSONCursor {
  /// Goes to the first byte of the value that is due.
  @inline(__always)
  mutating func startValue(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
    assert(state == .valueDue, "no value is due here")
    position = JSONScan.contentStart(bytes, from: position)
    return try JSONScan.byte(bytes, at: position)
  }

  @inline(__always)
  mutating func endValue(at end: Int) {
    position = end
    state = .valueRead
  }

  /// The error for a value that is not what the caller reads: it may be no value at all.
  func wrongKind(_ bytes: Span<UInt8>) -> JSONError {
    let isValue = JSONKind(firstByte: bytes[position]) != nil
    return JSONError(isValue ? .unexpectedKind : .unexpectedByte, at: position)
  }

  /// Validates the value that is due, steps over it and answers where it stands. It accepts exactly
  /// what reading it piece by piece accepts; the cost is one scan.
  @discardableResult
  package mutating func skip(_ bytes: Span<UInt8>) throws(JSONError) -> Range<Int> {
    let first = try startValue(bytes)
    let end: Int
    if first == UInt8(ascii: "\"") {
      end = try JSONScan.string(bytes, from: position &+ 1).range.upperBound &+ 1
    } else {
      end = try JSONScan.value(bytes, from: position, nesting, maximumDepth: maximumDepth)
    }
    let range = position..<end
    endValue(at: end)
    return range
  }
}

/// What a value is, as far as its first byte tells.
package enum JSONKind: Equatable, Sendable {
  case object, array, string, number, `true`, `false`, null

  @inline(__always)
  init?(firstByte byte: UInt8) {
    switch byte {
    case UInt8(ascii: "{"): self = .object
    case UInt8(ascii: "["): self = .array
    case UInt8(ascii: "\""): self = .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): self = .number
    case UInt8(ascii: "t"): self = .true
    case UInt8(ascii: "f"): self = .false
    case UInt8(ascii: "n"): self = .null
    default: return nil
    }
  }
}

/// Which of the open containers are objects, innermost last: one bit for each.
struct Nesting {
  private(set) var depth = 0
  private var objects: UInt64 = 0

  @inline(__always)
  var isInObject: Bool { objects & 1 != 0 }

  @inline(__always)
  mutating func push(isObject: Bool) {
    objects = objects << 1 | (isObject ? 1 : 0)
    depth &+= 1
  }

  @inline(__always)
  mutating func pop() {
    objects >>= 1
    depth &-= 1
  }
}
