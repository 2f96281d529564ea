extension JSONScan {
  /// The place behind the value that starts at `start`, inside containers as `outer` says. One loop
  /// with a bit for each open container, so the depth of a document costs no stack.
  static func value(
    _ bytes: Span<UInt8>, from start: Int, _ outer: Nesting, maximumDepth: Int
  ) throws(JSONError) -> Int {
    var nesting = outer
    var index = start
    while true {
      // At a value, which may open containers. One that is not empty has its first value next.
      switch try byte(bytes, at: index) {
      case UInt8(ascii: "\""): index = try string(bytes, from: index &+ 1).range.upperBound &+ 1
      case UInt8(ascii: "{"):
        guard nesting.depth < maximumDepth else { throw JSONError(.tooDeep, at: index) }
        index = contentStart(bytes, from: index &+ 1)
        if try byte(bytes, at: index) == UInt8(ascii: "}") {
          index &+= 1
        } else {
          nesting.push(isObject: true)
          index = try memberValue(bytes, from: index)
          continue
        }
      case UInt8(ascii: "["):
        guard nesting.depth < maximumDepth else { throw JSONError(.tooDeep, at: index) }
        index = contentStart(bytes, from: index &+ 1)
        if try byte(bytes, at: index) == UInt8(ascii: "]") {
          index &+= 1
        } else {
          nesting.push(isObject: false)
          continue
        }
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let shape = try shape(bytes, from: index)
        try shape.requireFinite(bytes, from: index)
        index = shape.end
      default: index = try literal(bytes, from: index)
      }
      // Behind a value: containers end here, or the next value follows a comma.
      while true {
        if nesting.depth == outer.depth { return index }
        index = contentStart(bytes, from: index)
        let next = try byte(bytes, at: index)
        if next == UInt8(ascii: ",") {
          index = contentStart(bytes, from: index &+ 1)
          if nesting.isInObject { index = try memberValue(bytes, from: index) }
          break
        }
        guard next == (nesting.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw JSONError(.unexpectedByte, at: index)
        }
        nesting.pop()
        index &+= 1
      }
    }
  }

  /// Steps over a key and its colon, to the value.
  @inline(__always)
  private static func memberValue(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    guard try byte(bytes, at: start) == UInt8(ascii: "\"") else {
      throw JSONError(.unexpectedByte, at: start)
    }
    let key = try string(bytes, from: start &+ 1)
    let index = contentStart(bytes, from: key.range.upperBound &+ 1)
    guard try byte(bytes, at: index) == UInt8(ascii: ":") else {
      throw JSONError(.unexpectedByte, at: index)
    }
    return contentStart(bytes, from: index &+ 1)
  }

  /// Steps over `true`, `false` or `null`.
  static func literal(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    let word: StaticString
    switch try byte(bytes, at: start) {
    case UInt8(ascii: "t"): word = "true"
    case UInt8(ascii: "f"): word = "false"
    case UInt8(ascii: "n"): word = "null"
    default: throw JSONError(.unexpectedByte, at: start)
    }
    let count = word.utf8CodeUnitCount
    for offset in 1..<count {
      // SAFETY: a static string lives for ever, and `offset` is below its count.
      let expected = unsafe word.utf8Start[offset]
      guard try byte(bytes, at: start &+ offset) == expected else {
        throw JSONError(.unexpectedByte, at: start &+ offset)
      }
    }
    return start &+ count
  }
}
