import TestSupport
import Testing

@testable import Calendar

@Suite("HTTP dates") struct HTTPDateTests {
  let now: Instant
  init() throws { now = try instant("2025-05-03T10:00:00Z") }

  @Test(
    "the three forms of RFC 9110 are read",
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
      ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
      ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
      ("Wed Nov 16 08:49:37 1994", "1994-11-16T08:49:37Z"),
      ("Sat, 31 Dec 2016 23:59:60 GMT", "2016-12-31T23:59:59Z"),
      ("Saturday, 03-May-75 10:00:00 GMT", "2075-05-03T10:00:00Z"),
      ("Saturday, 03-May-75 10:00:01 GMT", "1975-05-03T10:00:01Z"),
      ("Friday, 31-Dec-76 00:00:00 GMT", "1976-12-31T00:00:00Z"),
      ("Tuesday, 01-Jan-30 00:00:00 GMT", "2030-01-01T00:00:00Z"),
      ("Tuesday, 29-Feb-00 00:00:00 GMT", "2000-02-29T00:00:00Z"),
    ])
  func reads(text: String, expected: String) throws {
    let bytes = Array(text.utf8)
    let read = Instant(httpDate: bytes.span, now: now)
    #expect(read == (try instant(expected)))
    for end in bytes.indices {
      let cut = Instant(httpDate: Array(bytes[..<end]).span, now: now)
      #expect(cut == nil)
    }
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun Nov 6 08:49:37 1994", "Sun Nov 06 8:49:37 1994",
      "1994-11-06T08:49:37Z",
    ])
  func refuses(text: String) {
    let bytes = Array(text.utf8)
    let read = Instant(httpDate: bytes.span, now: now)
    #expect(read == nil)
  }

  @Test("every second is written so that it is read as the same", arguments: UInt64(0)..<10)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let seconds = Int64.random(in: -62_167_219_200...253_402_300_799, using: &random)
      let instant = try #require(Instant(seconds: seconds))
      let bytes = Array(instant.httpDate.utf8)
      let read = Instant(httpDate: bytes.span, now: now)
      #expect(read == instant)
    }
    #expect(try instant("1994-11-06T08:49:37.9Z").httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
  }
}
