@testable import HTTP

extension HostileRequest {
  /// Heads that are wrong in their values and line ends.
  static let values: [(String, HostileRequest, HTTPProblem)] = [
    ("a NUL in a value", .get("X: a\0b"), .badFieldValue),
    ("a NUL at the end in a value", .get("X: a\0"), .badFieldValue),
    ("a bell in a value", .get("X: \u{7}"), .badFieldValue),
    ("a backspace in a value", .get("X: a\u{8}"), .badFieldValue),
    ("a form feed in a value", .get("X: \u{c}"), .badFieldValue),
    ("a vertical tab in a value", .get("X: a\u{b}b"), .badFieldValue),
    ("an escape in a value", .get("X: \u{1b}[31m"), .badFieldValue),
    ("a delete in a value", .get("X: a\u{7f}"), .badFieldValue),
    ("a unit separator in a value", .get("X: \u{1f}"), .badFieldValue),
    ("a bare CR in a value", .get("X: a\rb"), .bareCarriageReturn),
    ("a bare LF in a value", .get("X: a\nb"), .bareLineFeed),
    ("CR CR LF behind a value", .get("X: a\r"), .bareCarriageReturn),
    ("a line ending in LF", .raw("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"), .bareLineFeed),
    ("a head ending in a bare LF", .raw("GET / HTTP/1.1\r\nHost: a\r\n\n"), .bareLineFeed),
    ("a head ending in a bare CR", .raw("GET / HTTP/1.1\r\nHost: a\r\n\rX"), .bareCarriageReturn),
    ("a head of bare LFs", .raw("GET / HTTP/1.1\nHost: a\n\n"), .bareLineFeed),
    ("LF CR", .raw("GET / HTTP/1.1\n\rHost: a\n\r\n\r"), .bareLineFeed),
    ("an unknown expectation", .post("Expect: 200-ok"), .unsupportedExpectation),
    ("an empty expectation", .post("Expect:"), .unsupportedExpectation),
    ("two expectations", .post("Expect: 100-continue, x"), .unsupportedExpectation),
  ]
}
