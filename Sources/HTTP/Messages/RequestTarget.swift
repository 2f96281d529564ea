/// Where the parts of a request's target stand in the bytes of its head.
package struct RequestTarget: Equatable, Sendable {
  package enum Form: Equatable, Sendable {
    /// `/path?query`
    case origin
    /// `http://host/path?query`, which every server has to understand.
    case absolute
    /// `*`, of OPTIONS.
    case asterisk
  }

  package internal(set) var form = Form.origin
  package internal(set) var whole = 0..<0
  /// The path as sent, with its first slash; empty in an absolute target without one, and in `*`.
  package internal(set) var path = 0..<0
  /// What stands behind the first `?`.
  package internal(set) var query: Range<Int>?
  /// Host and port of an absolute target.
  package internal(set) var authority: Range<Int>?

  init() {}

  /// Splits the target at `whole`, whose first `?` stands at `question`.
  init(
    _ bytes: Span<UInt8>, _ whole: Range<Int>, question: Int?, method: Method
  ) throws(HTTPProblem) {
    self.whole = whole
    let pathEnd = question ?? whole.upperBound
    query = question.map { ($0 + 1)..<whole.upperBound }
    if bytes[whole.lowerBound] == Byte.slash {
      path = whole.lowerBound..<pathEnd
      return
    }
    if whole.count == 1, bytes[whole.lowerBound] == UInt8(ascii: "*") {
      guard method == .options else { throw .badTarget }
      form = .asterisk
      return
    }
    form = .absolute
    let start = try Self.schemeEnd(bytes, whole)
    var slash = start
    while slash < pathEnd, bytes[slash] != Byte.slash { slash += 1 }
    guard Authority.isValid(bytes, start..<slash) else { throw .badAuthority }
    authority = start..<slash
    path = slash..<pathEnd
  }

  private static func schemeEnd(
    _ bytes: Span<UInt8>, _ whole: Range<Int>
  ) throws(HTTPProblem) -> Int {
    for scheme: StaticString in ["http://", "https://"] {
      let end = whole.lowerBound + scheme.utf8CodeUnitCount
      guard end <= whole.upperBound else { continue }
      if Scan.equals(scheme, ignoringCaseAt: whole.lowerBound..<end, in: bytes) { return end }
    }
    throw .badTarget
  }
}
