@testable import HTTP

extension HostileRequest {
  /// Heads that are wrong in their fields' names.
  static let names: [(String, HostileRequest, HTTPProblem)] = [
    ("a space before the colon", .post("Content-Length : 5"), .spaceBeforeColon),
    ("a tab before the colon", .post("Content-Length\t: 5"), .spaceBeforeColon),
    (
      "a space before the colon of the transfer coding",
      .post("Transfer-Encoding : chunked"), .spaceBeforeColon
    ),
    (
      "a space before the host's colon",
      .raw("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), .spaceBeforeColon
    ),
    ("a space inside a name", .get("Content Length: 5"), .spaceBeforeColon),
    ("an empty name", .get(": x"), .emptyFieldName),
    ("a colon and nothing", .get(":"), .emptyFieldName),
    ("a line without a colon", .get("Hello"), .missingColon),
    ("a first line without a colon", .raw("GET / HTTP/1.1\r\nHost\r\n\r\n"), .missingColon),
    ("a name cut by a bare LF", .get("Hel\nlo: x"), .missingColon),
    ("a name cut by a bare CR", .get("Hel\rlo: x"), .missingColon),
    ("a folded line", .get("X: y\r\n z"), .foldedLine),
    ("a line folded with a tab", .get("X: y\r\n\tz"), .foldedLine),
    ("a line of one space", .get("X: y\r\n "), .foldedLine),
    ("a space before the first field", .raw("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), .foldedLine),
    ("a tab before the first field", .raw("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"), .foldedLine),
    ("a NUL in a name", .get("A\0B: x"), .badFieldName),
    ("a non-ASCII letter in a name", .get("Caf\u{e9}: x"), .badFieldName),
    ("a delete in a name", .get("A\u{7f}: x"), .badFieldName),
    ("an escape in a name", .get("A\u{1b}: x"), .badFieldName),
    ("a vertical tab in a name", .get("A\u{b}: x"), .badFieldName),
    ("a parenthesis in a name", .get("A(b): x"), .badFieldName),
    ("a comma in a name", .get("A,b: x"), .badFieldName),
    ("a slash in a name", .get("A/b: x"), .badFieldName),
    ("a semicolon in a name", .get("A;b: x"), .badFieldName),
    ("an equals sign in a name", .get("A=b: x"), .badFieldName),
    ("an at sign in a name", .get("A@b: x"), .badFieldName),
    ("a bracket in a name", .get("A[b]: x"), .badFieldName),
    ("a backslash in a name", .get("A\\b: x"), .badFieldName),
    ("a brace in a name", .get("{A}: x"), .badFieldName),
    ("a quote in a name", .get("\"A\": x"), .badFieldName),
    ("an angle in a name", .get("<A>: x"), .badFieldName),
    ("a question mark in a name", .get("A?: x"), .badFieldName),
    ("a vertical tab before the colon", .get("Transfer-Encoding\u{b}: chunked"), .badFieldName),
    ("a control character before the name", .get("\u{1}Content-Length: 5"), .badFieldName),
    ("a byte-order mark before the name", .get("\u{feff}Content-Length: 5"), .badFieldName),
  ]
}
