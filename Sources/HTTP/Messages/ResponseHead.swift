/// The head of the answer to a request of ours, read as strictly as we read requests: a proxy or a
/// server that contradicts itself is not argued with.
package struct ResponseHead: Sendable {
  package private(set) var status = HTTPStatus.ok
  package private(set) var version = HTTPVersion.http11
  package private(set) var fields = FieldSection()
  package private(set) var body = BodyFraming.none
  /// Whether another request may follow on the same connection.
  package private(set) var keepsAlive = true
  package private(set) var contentLength: Int?
  /// Whether a `100 Continue` was among the interim responses, also while the answer is not there.
  package private(set) var sawContinue = false
  /// The bytes that were there the last time there were too few.
  private var seen = 0

  package init() {}

  package func value(of name: StaticString) -> String? { fields.value(of: name) }

  /// Looks for the head of the final response at the start of `bytes`; interim ones are skipped,
  /// and counted in its length. Cuts change nothing, as with `RequestHead.parse`.
  /// - Parameter toHead: whether the request was HEAD, whose answer has no body.
  package mutating func parse(
    _ bytes: Span<UInt8>, toHead: Bool, limits: HTTPLimits = .standard
  ) -> HeadOutcome {
    let limit = min(limits.headBytes, HTTPLimits.greatestHeadBytes)
    if seen > 0, seen <= bytes.count, bytes.count < limit,
      Scan.lineFeed(in: bytes, from: seen) == nil
    {
      seen = bytes.count
      return .needMore
    }
    seen = 0
    sawContinue = false
    do {
      if let end = try readAll(bytes, to: min(bytes.count, limit), toHead, limits) {
        fields.copy(bytes.extracting(0..<end))
        return .complete(byteCount: end)
      }
      guard bytes.count < limit else { return .refused(.headTooLarge) }
      seen = bytes.count
      return .needMore
    } catch {
      return .refused(error)
    }
  }

  private mutating func readAll(
    _ bytes: Span<UInt8>, to end: Int, _ toHead: Bool, _ limits: HTTPLimits
  ) throws(HTTPProblem) -> Int? {
    var position = 0
    for _ in 0...limits.interimResponses {
      guard let lineEnd = try readStatusLine(bytes, from: position, to: end) else { return nil }
      guard status.code != 101 else { throw .unexpectedUpgrade }
      var framing = Framing(.response)
      guard
        let headEnd = try fields.parse(
          bytes, from: lineEnd, to: end, atMost: limits.fields, framing: &framing)
      else { return nil }
      position = headEnd
      guard status.isInterim else {
        try settle(framing, toHead)
        return headEnd
      }
      if status == .continue { sawContinue = true }
    }
    throw .tooManyInterimResponses
  }

  /// `HTTP/1.1 200 OK`; servers that leave the space before an empty reason out are forgiven.
  private mutating func readStatusLine(
    _ bytes: Span<UInt8>, from start: Int, to end: Int
  ) throws(HTTPProblem) -> Int? {
    let versionEnd: Int?
    do {
      versionEnd = try HTTPVersion.read(&version, bytes, from: start, to: end)
    } catch {
      throw error == .badRequestLine ? .badStatusLine : error
    }
    guard let versionEnd, versionEnd < end else { return nil }
    guard bytes[versionEnd] == Byte.space else { throw .badStatusLine }
    var code = 0
    for position in (versionEnd + 1)..<(versionEnd + 4) {
      guard position < end else { return nil }
      guard Byte.isDigit(bytes[position]) else { throw .badStatusLine }
      code = code * 10 + Int(bytes[position] - Byte.zero)
    }
    guard let status = HTTPStatus(code) else { throw .badStatusLine }
    self.status = status
    var lineEnd = versionEnd + 4
    guard lineEnd < end else { return nil }
    if bytes[lineEnd] == Byte.space { lineEnd = Scan.valueEnd(in: bytes, from: lineEnd, to: end) }
    return try Scan.lineEnd(in: bytes, at: lineEnd, to: end, otherwise: .badStatusLine)
  }

  private mutating func settle(_ framing: Framing, _ toHead: Bool) throws(HTTPProblem) {
    guard !framing.isChunked || version == .http11 else { throw .transferEncodingInHTTP10 }
    contentLength = framing.contentLength
    keepsAlive = !framing.saysClose && (version == .http11 || framing.saysKeepAlive)
    if toHead || status.isBodiless {
      body = .none
      // A 204 that announces a body will be followed by bytes that are no response.
      let announcesBody = framing.isChunked || framing.contentLength ?? 0 > 0
      if status.code == 204, announcesBody { keepsAlive = false }
    } else if framing.isChunked {
      body = .chunked
    } else if let length = framing.contentLength {
      body = length > 0 ? .length(length) : .none
    } else {
      body = .untilClose
      keepsAlive = false
    }
  }
}
