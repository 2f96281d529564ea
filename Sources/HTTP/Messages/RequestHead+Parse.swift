extension RequestHead {
  /// Looks for a head at the start of `bytes`, what has arrived and is not yet consumed.
  ///
  /// The answer depends on the bytes alone, never on how they were cut: a prefix of a head asks for
  /// more, or is refused for the very reason the whole will be. (When a head drips in, a refusal may
  /// wait for the end of its line.) After anything but `.complete` the content of this value means
  /// nothing.
  package mutating func parse(
    _ bytes: Span<UInt8>, limits: HTTPLimits = .standard
  ) -> HeadOutcome {
    let limit = min(limits.headBytes, HTTPLimits.greatestHeadBytes)
    if seen > 0, seen <= bytes.count, bytes.count < limit,
      Scan.lineFeed(in: bytes, from: seen) == nil
    {
      // Nothing can have been completed: a head that drips in is not read again for every drop.
      seen = bytes.count
      return .needMore
    }
    seen = 0
    do {
      if let end = try read(bytes, to: min(bytes.count, limit), limits) {
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

  /// Reads line and fields in `bytes[..<end]`; nil where they end too early.
  private mutating func read(
    _ bytes: Span<UInt8>, to end: Int, _ limits: HTTPLimits
  ) throws(HTTPProblem) -> Int? {
    // RFC 9112 2.2: an empty line before the request is forgiven; we forgive one.
    var start = 0
    if end > 0, bytes[0] == Byte.carriageReturn {
      guard end > 1 else { return nil }
      guard bytes[1] == Byte.lineFeed else { throw .bareCarriageReturn }
      start = 2
    }
    guard let methodEnd = try readMethod(bytes, from: start, to: end, limits) else { return nil }
    guard let targetEnd = try readTarget(bytes, from: methodEnd &+ 1, to: end, limits) else {
      return nil
    }
    guard let lineEnd = try readVersion(bytes, from: targetEnd &+ 1, to: end) else { return nil }
    var framing = Framing(.request)
    guard
      let headEnd = try fields.parse(
        bytes, from: lineEnd, to: end, atMost: limits.fields, framing: &framing)
    else { return nil }
    try settle(framing)
    return headEnd
  }

  private mutating func readMethod(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, _ limits: HTTPLimits
  ) throws(HTTPProblem) -> Int? {
    let methodEnd = Scan.tokenEnd(in: bytes, from: start, to: end)
    guard methodEnd - start <= limits.methodBytes else { throw .methodTooLong }
    guard methodEnd < end else { return nil }
    guard bytes[methodEnd] == Byte.space, methodEnd > start else { throw .badMethod }
    guard let method = Method(bytes, start..<methodEnd) else { throw .unsupportedMethod }
    self.method = method
    return methodEnd
  }

  private mutating func readTarget(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, _ limits: HTTPLimits
  ) throws(HTTPProblem) -> Int? {
    var question: Int?
    var targetEnd = Scan.targetEnd(in: bytes, from: start, to: end)
    while targetEnd < end, bytes[targetEnd] == Byte.question {
      if question == nil { question = targetEnd }
      targetEnd = Scan.targetEnd(in: bytes, from: targetEnd &+ 1, to: end)
    }
    guard targetEnd - start <= limits.targetBytes else { throw .targetTooLong }
    guard targetEnd < end else { return nil }
    guard bytes[targetEnd] == Byte.space else {
      throw Self.problem(ofTargetEndingIn: bytes[targetEnd])
    }
    guard targetEnd > start else { throw .badRequestLine }
    if case .other(let name) = method, name == Array("PRI".utf8), targetEnd == start &+ 1,
      bytes[start] == UInt8(ascii: "*")
    {
      throw .http2Preface
    }
    target = try RequestTarget(bytes, start..<targetEnd, question: question, method: method)
    return targetEnd
  }

  private static func problem(ofTargetEndingIn byte: UInt8) -> HTTPProblem {
    switch byte {
    case Byte.carriageReturn, Byte.lineFeed: .badRequestLine  // HTTP/0.9, or no version at all.
    default: .badTargetByte
    }
  }

  private mutating func readVersion(
    _ bytes: Span<UInt8>, from start: Int, to end: Int
  ) throws(HTTPProblem) -> Int? {
    guard let versionEnd = try HTTPVersion.read(&version, bytes, from: start, to: end) else {
      return nil
    }
    return try Scan.lineEnd(in: bytes, at: versionEnd, to: end, otherwise: .badRequestLine)
  }

  /// What the fields come to, now that all of them are known.
  private mutating func settle(_ framing: Framing) throws(HTTPProblem) {
    let isModern = version == .http11
    guard !framing.isChunked || isModern else { throw .transferEncodingInHTTP10 }
    guard framing.host != nil || !isModern else { throw .missingHost }
    // HTTP/1.0 knows no expectations, and a server ignores those (RFC 9110 10.1.1).
    guard !framing.hasOtherExpectation || !isModern else { throw .unsupportedExpectation }
    hostIndex = framing.host
    contentLength = framing.contentLength
    expectsContinue = framing.expectsContinue && isModern
    keepsAlive = !framing.saysClose && (isModern || framing.saysKeepAlive)
    if framing.isChunked {
      body = .chunked
    } else if let length = framing.contentLength, length > 0 {
      body = .length(length)
    } else {
      body = .none
    }
  }
}

extension HTTPVersion {
  /// Reads `HTTP/1.1` or `HTTP/1.0` at `start` into `version`; nil where the bytes end inside it.
  @inline(__always)
  static func read(
    _ version: inout HTTPVersion, _ bytes: Span<UInt8>, from start: Int, to end: Int
  ) throws(HTTPProblem) -> Int? {
    // "HTTP/1." as a number; the eighth byte is the minor version.
    var word: UInt64 = 0
    var position = start
    let available = min(end, start &+ 7)
    while position < available {
      word = word << 8 | UInt64(bytes[position])
      position &+= 1
    }
    if position == start &+ 7, word == 0x48_5454_502F_312E, position < end {
      switch bytes[position] {
      case UInt8(ascii: "1"):
        version = .http11
        return position &+ 1
      case UInt8(ascii: "0"):
        version = .http10
        return position &+ 1
      default: break
      }
    }
    return try problem(bytes, from: start, to: end)
  }

  /// Why these bytes are no version we speak; nil where they may yet become one.
  private static func problem(
    _ bytes: Span<UInt8>, from start: Int, to end: Int
  ) throws(HTTPProblem) -> Int? {
    let pattern: StaticString = "HTTP/"
    for offset in 0..<8 {
      guard start + offset < end else { return nil }
      let byte = bytes[start + offset]
      let isFine =
        switch offset {
        case 5, 7: Byte.isDigit(byte)
        case 6: byte == UInt8(ascii: ".")
        default: unsafe byte == pattern.utf8Start[offset]  // SAFETY: five bytes, offsets 0...4.
        }
      guard isFine else { throw .badRequestLine }
    }
    throw .unsupportedVersion
  }
}
