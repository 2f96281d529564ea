@testable import HTTP

extension HostileRequest {
  /// Heads that are wrong in their hosts.
  static let host: [(String, HostileRequest, HTTPProblem)] = [
    ("no Host", .raw("GET / HTTP/1.1\r\n\r\n"), .missingHost),
    ("no Host beside an absolute target", .raw("GET http://a/ HTTP/1.1\r\n\r\n"), .missingHost),
    ("Host twice", .raw("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), .duplicateHost),
    (
      "Host twice and different",
      .raw("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"), .duplicateHost
    ),
    (
      "Host twice in HTTP/1.0",
      .raw("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), .duplicateHost
    ),
    (
      "a second Host that is empty",
      .raw("GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n"), .duplicateHost
    ),
    ("an empty host", .host(""), .badAuthority),
    ("a blank host", .host(" \t"), .badAuthority),
    ("a host with a space", .host("a b"), .badAuthority),
    ("two hosts", .host("a, b"), .badAuthority),
    ("two hosts, close", .host("a,b"), .badAuthority),
    ("a host with a user", .host("u@a"), .badAuthority),
    ("a host with a user and a password", .host("u:p@a"), .badAuthority),
    ("a host with a path", .host("a/b"), .badAuthority),
    ("a host with a query", .host("a?b"), .badAuthority),
    ("a host with a fragment", .host("a#b"), .badAuthority),
    ("a host with a scheme", .host("http://a"), .badAuthority),
    ("a host with a backslash", .host("a\\b"), .badAuthority),
    ("a host with a port of letters", .host("a:b"), .badAuthority),
    ("a host with a port too great", .host("a:65536"), .badAuthority),
    ("a host with a port too long", .host("a:000080"), .badAuthority),
    ("a host with a negative port", .host("a:-1"), .badAuthority),
    ("a host with two ports", .host("a:1:2"), .badAuthority),
    ("only a port", .host(":80"), .badAuthority),
    ("an open bracket", .host("[::1"), .badAuthority),
    ("an empty address", .host("[]"), .badAuthority),
    ("an address with rubbish behind", .host("[::1]x"), .badAuthority),
    ("an address with a zone", .host("[fe80::1%25eth0]"), .badAuthority),
    ("an address with letters", .host("[g::1]"), .badAuthority),
    ("a host with a quote", .host("\"a\""), .badAuthority),
    ("a host with an angle", .host("<a>"), .badAuthority),
    ("a host outside ASCII", .host("caf\u{e9}"), .badAuthority),
    ("a percent-encoded host", .host("a%2eb"), .badAuthority),
    ("a host with a pipe", .host("a|b"), .badAuthority),
    ("a host with a NUL, encoded", .host("a%00"), .badAuthority),
    ("a NUL in the host", .host("a\0b"), .badFieldValue),
  ]
}
