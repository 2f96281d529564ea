/// Header or trailer fields as they go on the wire, checked one by one as they are put in, so that
/// nothing a user or an event brought along can end a line or begin another.
package struct FieldLines: Equatable, Sendable {
  package enum Problem: Error, Equatable {
    case badName
    /// A control character, of which CR, LF and NUL are the dangerous ones.
    case badValue
    /// Framing, Connection, Host, Expect and Date are written by the composers alone.
    case reservedName
  }

  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Fields of our own, known when the code is written.
  package init(_ fields: KeyValuePairs<StaticString, StaticString>) {
    for (name, value) in fields { append(name, fixed: value) }
  }

  package var isEmpty: Bool { bytes.isEmpty }

  /// A field of our own. A mistake in it is ours too, and traps.
  package mutating func append(_ name: StaticString, fixed value: StaticString) {
    do {
      try append(name: name.description, value: value.description)
    } catch {
      preconditionFailure("\(name): \(value): \(error)")
    }
  }

  package mutating func append(_ name: StaticString, _ number: Int) {
    append(name, fixed: "")
    bytes.removeLast(2)
    bytes.append(decimal: number)
    bytes.append("\r\n")
  }

  /// A field whose value comes from anywhere.
  package mutating func append(_ name: StaticString, _ value: String) throws(Problem) {
    try append(name: name.description, value: value)
  }

  package mutating func append(name: String, value: String) throws(Problem) {
    let start = bytes.count
    bytes.append(contentsOf: name.utf8)
    let nameEnd = bytes.count
    bytes.append(": ")
    let valueStart = bytes.count
    bytes.append(contentsOf: value.utf8)
    if let problem = problem(ofName: start..<nameEnd, valueFrom: valueStart) {
      bytes.removeLast(bytes.count - start)
      throw problem
    }
    bytes.append("\r\n")
  }

  package mutating func append(_ others: FieldLines) { bytes.append(contentsOf: others.bytes) }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  private func problem(ofName name: Range<Int>, valueFrom valueStart: Int) -> Problem? {
    let span = bytes.span
    guard !name.isEmpty,
      Scan.tokenEnd(in: span, from: name.lowerBound, to: name.upperBound)
        == name.upperBound
    else { return .badName }
    guard Scan.valueEnd(in: span, from: valueStart, to: span.count) == span.count else {
      return .badValue
    }
    guard Scan.framingField(named: name, in: span) == .other,
      !Scan.equals("date", ignoringCaseAt: name, in: span)
    else { return .reservedName }
    return nil
  }
}

extension [UInt8] {
  mutating func append(_ text: StaticString) {
    unsafe append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    // SAFETY: a static string's bytes live for ever.
  }

  /// The number in decimal digits.
  mutating func append(decimal number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    let start = count
    repeat {
      append(Byte.zero &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    self[start...].reverse()
  }

  /// The number in hexadecimal digits.
  mutating func append(hexadecimal number: Int) {
    let digits = (Swift.max(1, Int.bitWidth - number.leadingZeroBitCount) &+ 3) / 4
    for place in stride(from: digits &- 1, through: 0, by: -1) {
      let digit = UInt8(truncatingIfNeeded: number >> (place &* 4)) & 0xF
      append(digit < 10 ? Byte.zero &+ digit : 0x57 &+ digit)
    }
  }
}
