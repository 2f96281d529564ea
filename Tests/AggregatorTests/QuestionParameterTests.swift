import Calendar
import Events
import HTTP
import Query
import Testing

@testable import Aggregator

@Suite("Parameters of questions") struct QuestionParameterTests {
  /// 2026-03-10T12:00:00Z.
  private static let now: Int64 = 1_773_144_000_000
  private static let day: Int64 = 86_400_000
  private static let midnight: Int64 = 1_773_100_800_000

  private func parameters(_ query: String) throws -> QuestionParameters {
    var head = RequestHead()
    let bytes = Array("GET /api/events\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    let outcome = head.parse(bytes.span)
    try #require(outcome == .complete(byteCount: bytes.count))
    return QuestionParameters(head, now: Self.now)
  }

  private func problem(_ body: () throws -> Void) -> String? {
    do { try body() } catch let problem as QuestionParameters.Problem {
      return problem.parameter
    } catch { return "\(error)" }
    return nil
  }

  private func range(_ from: Int64, _ to: Int64) -> Range<Instant> {
    Instant(milliseconds: from)..<Instant(milliseconds: to)
  }

  @Test("a report is about the last 30 days, today included, unless it says otherwise")
  func reports() throws {
    let cases: [(String, Range<Instant>)] = [
      ("", range(Self.midnight - 29 * Self.day, Self.midnight + Self.day)),
      ("?from=2026-03-01", range(Self.midnight - 9 * Self.day, Self.midnight + Self.day)),
      ("?to=2026-03-10", range(Self.midnight - 29 * Self.day, Self.midnight + Self.day)),
      ("?from=2026-03-10&to=2026-03-10", range(Self.midnight, Self.midnight + Self.day)),
      (
        "?from=2026-03-10T12:00:00Z&to=2026-03-10T12:00:00.001Z", range(Self.now, Self.now + 1)
      ),
      ("?from=\(Self.now)&to=\(Self.now + 5)", range(Self.now, Self.now + 5)),
      (
        "?from=2026-03-10T12%3A00%3A00%2B01:00&to=2026-03-10T12:00:00",
        range(Self.now - 3_600_000, Self.now)
      ),
      ("?from=&to=", range(Self.midnight - 29 * Self.day, Self.midnight + Self.day)),
    ]
    for (query, expected) in cases {
      #expect(try parameters(query).range("from", "to") == expected, "\(query)")
    }
  }

  @Test("one person's events begin today and end 30 days behind their start")
  func persons() throws {
    let cases: [(String, Range<Instant>)] = [
      ("", range(Self.midnight, Self.midnight + 30 * Self.day)),
      ("?a=2026-03-09", range(Self.midnight - Self.day, Self.midnight + 29 * Self.day)),
      ("?b=2026-03-10", range(Self.midnight, Self.midnight + Self.day)),
    ]
    for (query, expected) in cases {
      #expect(try parameters(query).userRange("a", "b") == expected, "\(query)")
    }
  }

  @Test(
    "a range that is none is refused by the name of the parameter that is wrong",
    arguments: [
      ("?from=2026-03-10&to=2026-03-09", "to"), ("?from=2027-01-01", "to"),
      ("?from=yesterday", "from"), ("?to=2026-02-30", "to"), ("?to=1e12", "to"),
      ("?from=99999999999999999999", "from"), ("?from=1&from=2", "from"),
      ("?from=\(Self.now)&to=\(Self.now)", "to"),
    ])
  func wrongRanges(query: String, parameter: String) throws {
    let parameters = try parameters(query)
    #expect(problem { _ = try parameters.range("from", "to") } == parameter)
  }

  @Test(
    "a range of one person's events that is none is refused in the same way",
    arguments: [
      ("?a=2026-03-10&b=2026-03-09", "b"), ("?b=2026-03-09", "b"), ("?a=soon", "a"),
      ("?a=1&a=1", "a"), ("?b=1&b=1", "b"),
    ])
  func wrongUserRanges(query: String, parameter: String) throws {
    let parameters = try parameters(query)
    #expect(problem { _ = try parameters.userRange("a", "b") } == parameter)
  }

  @Test(
    "a limit is a number from 1 to the most",
    arguments: [
      ("", 7), ("?limit=", 7), ("?limit=1", 1), ("?limit=100", 100), ("?limit=0", nil),
      ("?limit=101", nil), ("?limit=-1", nil), ("?limit=ten", nil), ("?limit=1.5", nil),
      ("?limit=+5", nil), ("?limit=99999999999999999999", nil), ("?limit=1&limit=1", nil),
    ] as [(String, Int?)])
  func limits(query: String, expected: Int?) throws {
    let parameters = try parameters(query)
    if let expected {
      #expect(try parameters.limit(standard: 7, most: 100) == expected)
    } else {
      #expect(problem { _ = try parameters.limit(standard: 7, most: 100) } == "limit")
    }
  }

  @Test("a cursor is one of ours, or none")
  func cursors() throws {
    let position = EventPosition(cts: -5, id: id(3))
    #expect(try parameters("?cursor=\(position)").cursor() == position)
    #expect(try parameters("").cursor() == nil)
    for text in ["1", "\(position)0", String("\(position)".dropLast())] {
      let parameters = try parameters("?cursor=\(text)")
      #expect(problem { _ = try parameters.cursor() } == "cursor")
    }
  }

  @Test(
    "what nobody would read is refused",
    arguments: [
      ("", nil), ("?a=1&b=2", nil), ("?a=1&c=2", "c"), ("?A=1", "A"), ("?a%20=1", "a "),
      ("?a=%FF", "a"), ("?b=1&a=%C3", "b"), ("?%FF=1", "\u{FFFD}"),
    ] as [(String, String?)])
  func unknown(query: String, expected: String?) throws {
    let parameters = try parameters(query)
    #expect(problem { try parameters.only(["a", "b"]) } == expected)
  }

  @Test("a text is decoded as a form is; empty is not given, twice is refused")
  func texts() throws {
    #expect(try parameters("?name=a%20b%2Bc+d").text("name") == "a b+c d")
    #expect(try parameters("?name=").text("name") == nil)
    #expect(try parameters("?name").text("name") == nil)
    for query in ["?name=a&name=b", "?name=a&name=a", "?name=&name="] {
      let parameters = try parameters(query)
      #expect(problem { _ = try parameters.text("name") } == "name")
    }
  }
}
