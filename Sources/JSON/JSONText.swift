/// A string inside a document: checked in full when it was read, and not copied. Every question
/// about it must be asked with the bytes it was read from.
package struct JSONText: Equatable, Sendable {
  /// Between the quotes, as written.
  package let range: Range<Int>
  /// Whether the written form differs from what it stands for.
  package let hasEscapes: Bool

  package init(range: Range<Int>, hasEscapes: Bool) {
    self.range = range
    self.hasEscapes = hasEscapes
  }

  package var isEmpty: Bool { range.isEmpty }

  /// Whether this is `literal` once the escapes are resolved.
  package func equals(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard !hasEscapes else {
      // SAFETY: a static string lives for ever and is as long as it says.
      let text = unsafe UnsafeBufferPointer(start: literal.utf8Start, count: count)
      return unsafe self.bytes(in: bytes).elementsEqual(text)
    }
    guard range.count == count else { return false }
    let start = unsafe literal.utf8Start
    let written = bytes.extracting(range)
    // SAFETY: as above; `index` stays below the count of both.
    for index in written.indices where unsafe written[index] != start[index] { return false }
    return true
  }

  /// The length in UTF-8 once the escapes are resolved.
  package func utf8Count(in bytes: Span<UInt8>) -> Int {
    hasEscapes ? self.bytes(in: bytes).count : range.count
  }

  package func string(in bytes: Span<UInt8>) -> String {
    if hasEscapes { return String(decoding: self.bytes(in: bytes), as: UTF8.self) }
    return unsafe bytes.extracting(range).withUnsafeBufferPointer {
      unsafe String(decoding: $0, as: UTF8.self)
    }
  }

  /// The text's UTF-8 with the escapes resolved.
  package func bytes(in bytes: Span<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    append(to: &output, from: bytes)
    return output
  }

  /// Appends the text's UTF-8 with the escapes resolved.
  package func append(to output: inout [UInt8], from bytes: Span<UInt8>) {
    guard hasEscapes else {
      output.append(copying: bytes.extracting(range))
      return
    }
    output.reserveCapacity(output.count + range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\") {
        // It was read before, so the error cannot happen; with other bytes it ends the text.
        guard let (scalar, end) = try? JSONScan.escape(bytes, at: index) else { return }
        output.append(contentsOf: scalar.utf8)
        index = end
      } else {
        output.append(byte)
        index &+= 1
      }
    }
  }
}

extension [UInt8] {
  @inline(__always)
  mutating func append(copying bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}
