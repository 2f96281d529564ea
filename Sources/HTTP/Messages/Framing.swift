/// How the body of a message is delimited: decided once, from a head without contradictions.
package enum BodyFraming: Equatable, Sendable {
  case none
  /// Exactly this many bytes, more than zero.
  case length(Int)
  case chunked
  /// All that comes until the connection ends: responses only.
  case untilClose
}

/// What the fields say about framing and connection, gathered line by line. A second opinion on
/// anything is a refusal: whoever is right, somebody in between may have believed the other.
struct Framing: Sendable {
  enum Role { case request, response, trailers }

  let role: Role
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  /// The place of the Host field among the fields.
  private(set) var host: Int?
  private(set) var saysClose = false
  private(set) var saysKeepAlive = false
  private(set) var expectsContinue = false
  private(set) var hasOtherExpectation = false

  init(_ role: Role) { self.role = role }

  mutating func note(
    _ field: FramingField, _ bytes: Span<UInt8>, _ value: Range<Int>, index: Int
  ) throws(HTTPProblem) {
    guard role != .trailers else { throw .forbiddenTrailer }
    switch field {
    case .host:
      guard role == .request else { return }
      guard host == nil else { throw .duplicateHost }
      guard Authority.isValid(bytes, value) else { throw .badAuthority }
      host = index
    case .contentLength:
      guard contentLength == nil else { throw .duplicateContentLength }
      guard let length = Self.decimal(bytes, value) else { throw .badContentLength }
      guard !isChunked else { throw .lengthWithTransferEncoding }
      contentLength = length
    case .transferEncoding:
      guard !isChunked else { throw .duplicateTransferEncoding }
      try Self.checkTransferEncoding(bytes, value)
      guard contentLength == nil else { throw .lengthWithTransferEncoding }
      isChunked = true
    case .connection: noteConnection(bytes, value)
    case .expect:
      if Scan.equals("100-continue", ignoringCaseAt: value, in: bytes) {
        expectsContinue = true
      } else {
        hasOtherExpectation = true
      }
    case .other: break
    }
  }

  /// Digits and nothing else, at most 19 of them, within `Int`.
  static func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    guard !range.isEmpty, range.count <= 19 else { return nil }
    var value = 0
    for index in range {
      guard Byte.isDigit(bytes[index]) else { return nil }
      let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowedToo) = tenfold.addingReportingOverflow(Int(bytes[index] &- Byte.zero))
      guard !overflowed, !overflowedToo else { return nil }
      value = sum
    }
    return value
  }

  private static func checkTransferEncoding(
    _ bytes: Span<UInt8>, _ value: Range<Int>
  ) throws(HTTPProblem) {
    if Scan.equals("chunked", ignoringCaseAt: value, in: bytes) { return }
    // Honest codings, alone or before `chunked`, are unknown to us; the rest is an attempt.
    var coding = value
    for suffix: StaticString in [", chunked", ",chunked"] {
      let start = value.upperBound - suffix.utf8CodeUnitCount
      guard start > value.lowerBound else { continue }
      if Scan.equals(suffix, ignoringCaseAt: start..<value.upperBound, in: bytes) {
        coding = value.lowerBound..<start
      }
    }
    for known: StaticString in ["gzip", "x-gzip", "deflate", "compress", "x-compress"] {
      if Scan.equals(known, ignoringCaseAt: coding, in: bytes) { throw .unsupportedTransferCoding }
    }
    throw .badTransferEncoding
  }

  private mutating func noteConnection(_ bytes: Span<UInt8>, _ value: Range<Int>) {
    var list = TokenList(value)
    while let option = list.next(bytes) {
      if Scan.equals("close", ignoringCaseAt: option, in: bytes) { saysClose = true }
      if Scan.equals("keep-alive", ignoringCaseAt: option, in: bytes) { saysKeepAlive = true }
    }
  }
}

/// The elements of a comma-separated value, without the white space around them; empty ones are
/// skipped, as RFC 9110 5.6.1 asks of a recipient.
struct TokenList {
  private var position: Int
  private let end: Int

  init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  @inline(__always)
  mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
    while position < end {
      var start = position
      while position < end, bytes[position] != Byte.comma { position &+= 1 }
      var stop = position
      position &+= 1
      while start < stop, Byte.isBlank(bytes[start]) { start &+= 1 }
      while stop > start, Byte.isBlank(bytes[stop &- 1]) { stop &-= 1 }
      if start < stop { return start..<stop }
    }
    return nil
  }
}
