@testable import HTTP

extension HostileRequest {
  /// Heads that are wrong in their framing: two readings of where the body ends.
  static let framing: [(String, HostileRequest, HTTPProblem)] = [
    (
      "length, then transfer coding",
      .post("Content-Length: 5\r\nTransfer-Encoding: chunked"), .lengthWithTransferEncoding
    ),
    (
      "transfer coding, then length",
      .post("Transfer-Encoding: chunked\r\nContent-Length: 5"), .lengthWithTransferEncoding
    ),
    (
      "zero length beside a transfer coding",
      .post("Content-Length: 0\r\nTransfer-Encoding: chunked"), .lengthWithTransferEncoding
    ),
    (
      "both, in odd letters",
      .post("cOnTeNt-LeNgTh: 5\r\ntRANSFER-eNCODING: cHUNKED"), .lengthWithTransferEncoding
    ),
    (
      "two lengths that agree",
      .post("Content-Length: 5\r\nContent-Length: 5"), .duplicateContentLength
    ),
    (
      "two lengths that differ",
      .post("Content-Length: 5\r\nContent-Length: 6"), .duplicateContentLength
    ),
    (
      "two lengths apart",
      .post("Content-Length: 5\r\nX: y\r\ncontent-length: 5"), .duplicateContentLength
    ),
    (
      "a second length that is empty",
      .post("Content-Length: 5\r\nContent-Length:"), .duplicateContentLength
    ),
    ("a list of lengths", .post("Content-Length: 5,5"), .badContentLength),
    ("a list of lengths with a space", .post("Content-Length: 5, 5"), .badContentLength),
    ("a list of lengths that differ", .post("Content-Length: 5, 6"), .badContentLength),
    ("a length with a plus", .post("Content-Length: +5"), .badContentLength),
    ("a negative length", .post("Content-Length: -5"), .badContentLength),
    ("minus zero", .post("Content-Length: -0"), .badContentLength),
    ("a hexadecimal length", .post("Content-Length: 0x5"), .badContentLength),
    ("hexadecimal digits", .post("Content-Length: A"), .badContentLength),
    ("an octal-looking prefix", .post("Content-Length: 0o5"), .badContentLength),
    ("a length with an exponent", .post("Content-Length: 1e3"), .badContentLength),
    ("a length with a fraction", .post("Content-Length: 5.0"), .badContentLength),
    ("a length with a trailing comma", .post("Content-Length: 5,"), .badContentLength),
    ("a length with a leading comma", .post("Content-Length: ,5"), .badContentLength),
    ("a length with a semicolon", .post("Content-Length: 5;"), .badContentLength),
    ("a length in quotes", .post("Content-Length: \"5\""), .badContentLength),
    ("a length with a space inside", .post("Content-Length: 5 6"), .badContentLength),
    ("a length with a tab inside", .post("Content-Length: 5\t6"), .badContentLength),
    ("a length with an underscore", .post("Content-Length: 1_000"), .badContentLength),
    ("no length at all", .post("Content-Length: "), .badContentLength),
    ("a length of blanks", .post("Content-Length:  \t "), .badContentLength),
    ("a length in words", .post("Content-Length: five"), .badContentLength),
    ("a length beyond 64 bits", .post("Content-Length: 18446744073709551616"), .badContentLength),
    ("a length of 2^63", .post("Content-Length: 9223372036854775808"), .badContentLength),
    ("a length that wraps to 5", .post("Content-Length: 18446744073709551621"), .badContentLength),
    (
      "a length of twenty digits",
      .post("Content-Length: 00000000000000000005"), .badContentLength
    ),
    (
      "a length of very many digits",
      .post("Content-Length: " + String(repeating: "1", count: 400) + ""), .badContentLength
    ),
    ("a length with an apostrophe", .post("Content-Length: 1'000"), .badContentLength),
    ("a length with a unit", .post("Content-Length: 5 bytes"), .badContentLength),
    ("a length with a dollar", .post("Content-Length: 5$"), .badContentLength),
    ("arabic digits", .post("Content-Length: \u{665}"), .badContentLength),
    ("a length behind a no-break space", .post("Content-Length: \u{a0}5"), .badContentLength),
    ("a length behind a vertical tab", .post("Content-Length: \u{b}5"), .badFieldValue),
    ("a length before a form feed", .post("Content-Length: 5\u{c}"), .badFieldValue),
    ("a length before a NUL", .post("Content-Length: 5\0"), .badFieldValue),
    ("x before chunked", .post("Transfer-Encoding: xchunked"), .badTransferEncoding),
    ("x behind chunked", .post("Transfer-Encoding: chunkedx"), .badTransferEncoding),
    ("chunked in quotes", .post("Transfer-Encoding: \"chunked\""), .badTransferEncoding),
    ("chunked in apostrophes", .post("Transfer-Encoding: 'chunked'"), .badTransferEncoding),
    (
      "chunked twice in one list",
      .post("Transfer-Encoding: chunked, chunked"), .badTransferEncoding
    ),
    ("chunked and a comma", .post("Transfer-Encoding: chunked,"), .badTransferEncoding),
    ("a comma and chunked", .post("Transfer-Encoding: ,chunked"), .badTransferEncoding),
    ("chunked and identity", .post("Transfer-Encoding: chunked, identity"), .badTransferEncoding),
    ("identity and chunked", .post("Transfer-Encoding: identity, chunked"), .badTransferEncoding),
    ("identity", .post("Transfer-Encoding: identity"), .badTransferEncoding),
    ("chunked with a parameter", .post("Transfer-Encoding: chunked;q=1"), .badTransferEncoding),
    ("chunked with a semicolon", .post("Transfer-Encoding: chunked;"), .badTransferEncoding),
    ("chunk", .post("Transfer-Encoding: chunk"), .badTransferEncoding),
    ("chunked with a space inside", .post("Transfer-Encoding: chun ked"), .badTransferEncoding),
    ("chunked and something", .post("Transfer-Encoding: chunked foo"), .badTransferEncoding),
    ("chunked before gzip", .post("Transfer-Encoding: chunked, gzip"), .badTransferEncoding),
    ("an unknown coding", .post("Transfer-Encoding: foo"), .badTransferEncoding),
    ("an empty coding", .post("Transfer-Encoding: "), .badTransferEncoding),
    ("false", .post("Transfer-Encoding: false"), .badTransferEncoding),
    (
      "a coding with a non-ASCII letter",
      .post("Transfer-Encoding: chun\u{212a}ed"), .badTransferEncoding
    ),
    (
      "chunked behind a byte-order mark",
      .post("Transfer-Encoding: \u{feff}chunked"), .badTransferEncoding
    ),
    ("chunked with a dash", .post("Transfer-Encoding: chunked-"), .badTransferEncoding),
    ("a coding with a plus", .post("Transfer-Encoding: +chunked"), .badTransferEncoding),
    (
      "chunked behind a no-break space",
      .post("Transfer-Encoding: \u{a0}chunked"), .badTransferEncoding
    ),
    ("the old name", .post("Transfer-Encoding: x-chunked"), .badTransferEncoding),
    ("cow, as it is told", .post("Transfer-Encoding: cow"), .badTransferEncoding),
    ("chunked, backslashed", .post("Transfer-Encoding: \\chunked"), .badTransferEncoding),
    ("chunked in brackets", .post("Transfer-Encoding: [chunked]"), .badTransferEncoding),
    ("gzip alone", .post("Transfer-Encoding: gzip"), .unsupportedTransferCoding),
    ("gzip before chunked", .post("Transfer-Encoding: gzip, chunked"), .unsupportedTransferCoding),
    (
      "deflate before chunked, close",
      .post("Transfer-Encoding: deflate,chunked"), .unsupportedTransferCoding
    ),
    ("compress", .post("Transfer-Encoding: compress"), .unsupportedTransferCoding),
    (
      "x-gzip before chunked",
      .post("Transfer-Encoding: x-gzip, chunked"), .unsupportedTransferCoding
    ),
    (
      "chunked given twice",
      .post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), .duplicateTransferEncoding
    ),
    (
      "chunked, then identity",
      .post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), .duplicateTransferEncoding
    ),
    (
      "identity, then chunked",
      .post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"), .badTransferEncoding
    ),
    (
      "chunked, then nothing",
      .post("Transfer-Encoding: chunked\r\nTransfer-Encoding:"), .duplicateTransferEncoding
    ),
    (
      "chunked in HTTP/1.0",
      .raw("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), .transferEncodingInHTTP10
    ),
    (
      "chunked and keep-alive in HTTP/1.0",
      .raw("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"),
      .transferEncodingInHTTP10
    ),
    ("chunked behind a vertical tab", .post("Transfer-Encoding: \u{b}chunked"), .badFieldValue),
    ("chunked before a NUL", .post("Transfer-Encoding: chunked\0"), .badFieldValue),
    ("chunked behind a bare LF", .post("Transfer-Encoding:\nchunked"), .bareLineFeed),
    ("chunked behind a bare CR", .post("Transfer-Encoding:\rchunked"), .bareCarriageReturn),
    ("chunked on a folded line", .post("Transfer-Encoding:\r\n chunked"), .badTransferEncoding),
    (
      "a transfer coding smuggled behind a bare CR",
      .post("X: y\rTransfer-Encoding: chunked"), .bareCarriageReturn
    ),
    (
      "a transfer coding smuggled behind a bare LF",
      .post("X: y\nTransfer-Encoding: chunked"), .bareLineFeed
    ),
  ]
}
