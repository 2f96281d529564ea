package import Compression

/// What a body claims to be: `type/subtype; charset=…`. A claim only: clients lie about it.
package struct MediaType: Equatable, Sendable {
  /// `application/json`, in lower case.
  package let essence: String
  /// In lower case, without quotes.
  package let charset: String?

  /// Nil where the text is not a media type at all; parameters are read as far as they make sense.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let pieces = bytes.split(separator: Byte.semicolon, omittingEmptySubsequences: false)
    guard let essence = pieces.first.map(Self.trimmed) else { return nil }
    let halves = essence.split(separator: Byte.slash, omittingEmptySubsequences: false)
    guard halves.count == 2, halves.allSatisfy(Self.isToken) else { return nil }
    self.essence = Self.lower(essence)
    var charset: String?
    for piece in pieces.dropFirst() where charset == nil {
      let parameter = Self.trimmed(piece)
      guard let equals = parameter.firstIndex(of: Byte.equals),
        Self.lower(parameter[..<equals]) == "charset"
      else { continue }
      var value = parameter[(equals + 1)...]
      if value.count >= 2, value.first == Byte.quote, value.last == Byte.quote {
        value = value.dropFirst().dropLast()
      }
      if Self.isToken(value) { charset = Self.lower(value) }
    }
    self.charset = charset
  }

  package var isJSON: Bool { essence == "application/json" || essence.hasSuffix("+json") }
  package var isForm: Bool { essence == "application/x-www-form-urlencoded" }

  private static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy(Scan.isToken)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, Byte.isBlank(first) { bytes.removeFirst() }
    while let last = bytes.last, Byte.isBlank(last) { bytes.removeLast() }
    return bytes
  }

  private static func lower(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.map { Byte.isLetter($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}

extension RequestHead {
  package var mediaType: MediaType? { value(of: "content-type").flatMap(MediaType.init) }

  /// The codings of the body, innermost first; nil where we cannot undo them (415), or where there
  /// are more than `HTTPLimits.contentCodings`. `identity` is none.
  package var contentCodings: [ContentCoding]? {
    guard fields.contains("content-encoding") else { return [] }
    let bytes = Array(fields.values(of: "content-encoding").joined(separator: ",").utf8)
    var codings: [ContentCoding] = []
    var list = TokenList(bytes.indices)
    while let element = list.next(bytes.span) {
      let name = String(decoding: bytes[element], as: UTF8.self)
      guard let coding = ContentCoding(header: name) else { return nil }
      if coding != .identity { codings.append(coding) }
    }
    return codings.count <= HTTPLimits.contentCodings ? codings : nil
  }
}
