private import Platform

/// Where one field stands in the bytes of its head: its name, and its value without the white space
/// around it.
struct FieldPlace: Sendable {
  var nameStart: UInt16 = 0
  var nameEnd: UInt16 = 0
  var valueStart: UInt16 = 0
  var valueEnd: UInt16 = 0

  var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
  var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}

/// The header or trailer fields of one message, as one copy of its bytes and a table of places.
///
/// A field costs eight bytes and no allocation. Names compare without the case of ASCII letters.
/// Values are what the peer sent, free of control characters, but not always UTF-8.
package struct FieldSection: Sendable {
  /// The bytes of the head the places point into.
  package internal(set) var bytes: [UInt8] = []
  /// As long as the greatest head seen needed; `count` of its places are taken.
  var places: [FieldPlace] = []
  package internal(set) var count = 0

  package init() {}

  package func nameRange(at index: Int) -> Range<Int> { place(at: index).name }
  package func valueRange(at index: Int) -> Range<Int> { place(at: index).value }
  package func name(at index: Int) -> String { text(in: nameRange(at: index)) }
  package func value(at index: Int) -> String { text(in: valueRange(at: index)) }

  /// The place among the fields of the first one called `name`, at or behind `start`.
  package func index(of name: StaticString, from start: Int = 0) -> Int? {
    let bytes = bytes.span
    var index = start
    while index < count {
      if Scan.equals(name, ignoringCaseAt: places[index].name, in: bytes) { return index }
      index &+= 1
    }
    return nil
  }

  package func contains(_ name: StaticString) -> Bool { index(of: name) != nil }

  /// The value of the first field called `name`; bytes that are not UTF-8 become U+FFFD.
  package func value(of name: StaticString) -> String? { index(of: name).map { value(at: $0) } }

  /// The values of all fields called `name`, in their order.
  package func values(of name: StaticString) -> [String] {
    var values: [String] = []
    var start = 0
    while let found = index(of: name, from: start) {
      values.append(value(at: found))
      start = found + 1
    }
    return values
  }

  /// The only value of `name`; nil if there is none, or if there are two that may contradict.
  package func onlyValue(of name: StaticString) -> String? {
    guard let found = index(of: name), index(of: name, from: found + 1) == nil else { return nil }
    return value(at: found)
  }

  /// Lends `body` the bytes of the first value called `name`.
  package func withValue<R>(of name: StaticString, _ body: (Span<UInt8>) -> R) -> R? {
    guard let found = index(of: name) else { return nil }
    return body(bytes.span.extracting(valueRange(at: found)))
  }

  /// Whether the first value called `name` is `text`, ASCII letters compared without their case.
  package func value(of name: StaticString, is text: StaticString) -> Bool {
    guard let found = index(of: name) else { return false }
    return Scan.equals(text, ignoringCaseAt: valueRange(at: found), in: bytes.span)
  }

  /// All fields as text, for logs and other places that are not in a hurry.
  package var all: [(name: String, value: String)] {
    (0..<count).map { (name(at: $0), value(at: $0)) }
  }

  func text(in range: Range<Int>) -> String {
    let piece = bytes.span.extracting(range)
    return String(validating: piece) ?? String(decoding: bytes[range], as: UTF8.self)
  }

  private func place(at index: Int) -> FieldPlace {
    precondition(index < count, "field \(index) of \(count)")
    return places[index]
  }
}
