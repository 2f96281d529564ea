// Checking encodings that came over the wire. Nothing here recurses or allocates.

extension Properties {
  /// An object or array that is open while its content is checked.
  private struct Frame {
    var end = 0
    var isObject = false
    /// Where the key before stands; empty at the start, and no key may equal it then.
    var keyStart = 0
    var keyEnd = 0
    var hasKey = false
  }

  /// Checks that a legal object begins at `start` and answers where it ends.
  package static func endOfObject(
    checking bytes: Span<UInt8>, from start: Int
  ) throws(Problem) -> Int {
    guard start >= 0, start < bytes.count else { throw .truncated(at: start) }
    guard bytes[start] == Tag.object.rawValue else { throw .notAnObject(at: start) }
    return try endOfValue(checking: bytes, from: start)
  }

  /// Checks that a legal value begins at `start`, everything in it included, and answers where it
  /// ends. `depth` counts an object or array itself as the first level.
  package static func endOfValue(
    checking bytes: Span<UInt8>, from start: Int, depth: Int = EventLimits.propertiesDepth
  ) throws(Problem) -> Int {
    precondition((0...EventLimits.depth).contains(depth))
    guard start >= 0 else { throw .truncated(at: start) }
    var frames = InlineArray<16, Frame>(repeating: Frame())
    var open = 0
    var members = 0
    var position = start
    var end = bytes.count
    while true {
      guard position < end else { throw .truncated(at: position) }
      let tagPosition = position
      let tag = bytes[position]
      position &+= 1
      switch tag {
      case Tag.null.rawValue, Tag.false.rawValue, Tag.true.rawValue: break
      case Tag.integer.rawValue:
        _ = try varint(bytes, &position, end)
      case Tag.double.rawValue:
        guard end &- position >= 8 else { throw .truncated(at: position) }
        // An exponent of all ones is no finite number.
        let top = UInt16(bytes[position &+ 7]) << 8 | UInt16(bytes[position &+ 6])
        guard top & 0x7FF0 != 0x7FF0 else { throw .number(at: position) }
        position &+= 8
      case Tag.string.rawValue:
        _ = try text(bytes, &position, end)
      case Tag.array.rawValue, Tag.object.rawValue:
        guard open < depth else { throw .tooDeep(at: tagPosition) }
        guard end &- position >= 4 else { throw .truncated(at: position) }
        let length = readLength(bytes, at: position)
        position &+= 4
        guard length <= end &- position else { throw .truncated(at: tagPosition) }
        end = position &+ length
        frames[open] = Frame(end: end, isObject: tag == Tag.object.rawValue)
        open &+= 1
      default: throw .tag(tag, at: tagPosition)
      }
      // Behind a value: leave what ends here, or go to the next value in what is open.
      while true {
        guard open > 0 else { return position }
        let top = open &- 1
        if position == frames[top].end {
          open = top
          end = open > 0 ? frames[open &- 1].end : bytes.count
          continue
        }
        guard frames[top].isObject else { break }
        members &+= 1
        guard members <= EventLimits.properties + EventLimits.filledProperties else {
          throw .tooMany(at: position)
        }
        let keyPosition = position
        let key = try text(bytes, &position, end)
        if frames[top].hasKey {
          let before = bytes.extracting(frames[top].keyStart..<frames[top].keyEnd)
          guard before.precedes(bytes.extracting(key)) else { throw .keyOrder(at: keyPosition) }
        }
        frames[top].hasKey = true
        frames[top].keyStart = key.lowerBound
        frames[top].keyEnd = key.upperBound
        break
      }
    }
  }

  @inline(__always)
  static func readLength(_ bytes: Span<UInt8>, at position: Int) -> Int {
    Int(bytes[position]) | Int(bytes[position &+ 1]) << 8 | Int(bytes[position &+ 2]) << 16
      | Int(bytes[position &+ 3]) << 24
  }

  /// A varint in its shortest form.
  @inline(__always)
  static func varint(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int
  ) throws(Problem) -> UInt64 {
    let start = position
    guard position < end else { throw .truncated(at: position) }
    var byte = bytes[position]
    position &+= 1
    if byte < 0x80 { return UInt64(byte) }
    var value = UInt64(byte & 0x7F)
    var shift: UInt64 = 7
    while true {
      guard position < end else { throw .truncated(at: position) }
      byte = bytes[position]
      position &+= 1
      guard shift < 63 || byte <= 1 else { throw .number(at: start) }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        guard byte != 0 else { throw .number(at: start) }
        return value
      }
      shift &+= 7
      guard shift < 64 else { throw .number(at: start) }
    }
  }

  @inline(__always)
  private static func text(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int
  ) throws(Problem) -> Range<Int> {
    let start = position
    let length = try varint(bytes, &position, end)
    guard length <= UInt64(end &- position) else { throw .truncated(at: start) }
    let range = position..<(position &+ Int(length))
    guard bytes.extracting(range).isUTF8 else { throw .text(at: start) }
    position = range.upperBound
    return range
  }
}
