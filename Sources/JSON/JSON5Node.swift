/// A value of a configuration file that knows where it was written, so that whoever finds it wrong
/// can say so in a way its author can follow.
package struct JSON5Node: Equatable, Sendable {
  package enum Content: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSON5Node])
    case object([JSON5Member])
  }

  /// Where the value starts.
  package let position: TextPosition
  /// The keys that lead here, as in `listeners[0].address`; empty for the document itself.
  package let path: String
  package let content: Content

  package init(position: TextPosition, path: String, content: Content) {
    self.position = position
    self.path = path
    self.content = content
  }

  package subscript(key: String) -> JSON5Node? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
  }

  /// The value without its places.
  package var value: JSONValue {
    switch content {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .integer(let number): .integer(number)
    case .double(let number): .double(number)
    case .string(let text): .string(text)
    case .array(let elements): .array(elements.map(\.value))
    case .object(let members): .object(members.map { JSONMember($0.key, $0.value.value) })
    }
  }
}

package struct JSON5Member: Equatable, Sendable {
  package let key: String
  /// Where the key starts.
  package let position: TextPosition
  package let value: JSON5Node
}

/// A place in a text as editors show it: both count from 1, columns in Unicode scalars.
package struct TextPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package static func < (left: TextPosition, right: TextPosition) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }

  package var description: String { "\(line):\(column)" }
}

/// Why a text is not the JSON5 we read: a place, and a sentence for the person who wrote it.
package struct JSON5Error: Error, Equatable, Sendable, CustomStringConvertible {
  package let position: TextPosition
  package let message: String

  package var description: String { "\(position): \(message)" }
}

/// Counts lines while somebody reads on. Going back is possible and counts from the start again.
struct LineCounter {
  private var offset = 0
  private var line = 1
  private var column = 1

  mutating func position(_ bytes: Span<UInt8>, at place: Int) -> TextPosition {
    if place < offset { self = LineCounter() }
    while offset < min(place, bytes.count) {
      let byte = bytes[offset]
      offset += 1
      // Of a CR LF the LF ends the line.
      let isCarriageReturn =
        byte == 0x0D && (offset == bytes.count || bytes[offset] != 0x0A)
      if byte == 0x0A || isCarriageReturn {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return TextPosition(line: line, column: column)
  }
}
