/// Why a message is refused. A server answers `status`, a client gives up the request, and both
/// close the connection: after a refusal nobody knows where the next message begins.
package enum HTTPProblem: Error, Equatable, Hashable, Sendable, CaseIterable {
  // The request line.
  case badMethod, methodTooLong, unsupportedMethod
  case targetTooLong, badTargetByte, badTarget, badAuthority
  case badRequestLine, http2Preface, unsupportedVersion
  // The status line.
  case badStatusLine, unexpectedUpgrade, tooManyInterimResponses
  // Lines and fields.
  case bareLineFeed, bareCarriageReturn, headTooLarge, tooManyFields
  case emptyFieldName, badFieldName, spaceBeforeColon, foldedLine, missingColon, badFieldValue
  // Host, framing, expectation.
  case missingHost, duplicateHost
  case badContentLength, duplicateContentLength, lengthWithTransferEncoding
  case badTransferEncoding, unsupportedTransferCoding, duplicateTransferEncoding
  case transferEncodingInHTTP10
  case unsupportedExpectation
  // Chunked bodies.
  case badChunkSize, chunkSizeTooLong, badChunkExtension, chunkExtensionTooLong
  case missingChunkEnd, trailersTooLarge, forbiddenTrailer, bodyTooLarge

  /// What a server answers.
  package var status: Int {
    switch self {
    case .targetTooLong: 414
    case .bodyTooLarge: 413
    case .unsupportedExpectation: 417
    case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
    case .methodTooLong, .unsupportedMethod, .unsupportedTransferCoding: 501
    case .http2Preface, .unsupportedVersion: 505
    default: 400
    }
  }

  /// One sentence for whoever sent it, without any of their bytes.
  package var sentence: String {
    switch self {
    case .badMethod: "The method is not a token followed by one space."
    case .methodTooLong: "The method is longer than any we know."
    case .unsupportedMethod: "CONNECT is for proxies, and this is none."
    case .targetTooLong: "The request target is too long."
    case .badTargetByte: "The request target holds a byte that has to be percent-encoded."
    case .badTarget: "The request target is neither a path nor an absolute http URL."
    case .badAuthority: "The host is not a name or an address with an optional port."
    case .badRequestLine: "The request line is not method, target and HTTP version."
    case .http2Preface: "This port speaks HTTP/1.1, not HTTP/2."
    case .unsupportedVersion: "This server speaks HTTP/1.1 and HTTP/1.0."
    case .badStatusLine: "The status line is not HTTP version, code and reason."
    case .unexpectedUpgrade: "The server switched protocols without being asked."
    case .tooManyInterimResponses: "The server sent too many interim responses."
    case .bareLineFeed: "A line ends in LF without CR."
    case .bareCarriageReturn: "A CR is not followed by LF."
    case .headTooLarge: "The head of the message is too large."
    case .tooManyFields: "The message has too many header fields."
    case .emptyFieldName: "A header field has no name."
    case .badFieldName: "The name of a header field holds a byte that is not allowed there."
    case .spaceBeforeColon: "White space stands between a header field's name and its colon."
    case .foldedLine: "A header line begins with white space."
    case .missingColon: "A header line has no colon."
    case .badFieldValue: "The value of a header field holds a control character."
    case .missingHost: "An HTTP/1.1 request needs a Host header field."
    case .duplicateHost: "The Host header field is given twice."
    case .badContentLength: "Content-Length is not a decimal number within bounds."
    case .duplicateContentLength: "Content-Length is given twice."
    case .lengthWithTransferEncoding: "Content-Length and Transfer-Encoding exclude each other."
    case .badTransferEncoding: "Transfer-Encoding is not `chunked`."
    case .unsupportedTransferCoding: "The only transfer coding we know is `chunked`."
    case .duplicateTransferEncoding: "Transfer-Encoding is given twice."
    case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding."
    case .unsupportedExpectation: "The only expectation we can meet is 100-continue."
    case .badChunkSize: "A chunk's size is not a hexadecimal number within bounds."
    case .chunkSizeTooLong: "A chunk's size has too many digits."
    case .badChunkExtension: "A chunk's extension is malformed."
    case .chunkExtensionTooLong: "The extensions of the chunks are too long."
    case .missingChunkEnd: "A chunk's data is not followed by CR LF."
    case .trailersTooLarge: "The trailer section is too large."
    case .forbiddenTrailer: "A trailer field decides about framing, which is too late."
    case .bodyTooLarge: "The body is too large."
    }
  }
}

/// What looking for a head in the bytes that have arrived comes to.
package enum HeadOutcome: Equatable, Sendable {
  /// Not yet all of it: call again with the same bytes and more behind them.
  case needMore
  /// The head is read, and was this many bytes; what follows them is the body or the next message.
  case complete(byteCount: Int)
  case refused(HTTPProblem)
}
