import Testing

@testable import Calendar

@Suite("Ranges of questions") struct TimeRangeTests {
  let now: Instant
  init() throws { now = try instant("2025-05-03T10:00:00Z") }

  @Test(
    "a date as an end includes its day, a time as an end excludes itself",
    arguments: [
      ("2025-05-01", "2025-05-01", "2025-05-01T00:00:00Z", "2025-05-02T00:00:00Z"),
      ("2025-05-01", "2025-05-31", "2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z"),
      (
        "2025-05-01T06:00:00", "2025-05-01T07:00:00", "2025-05-01T06:00:00Z", "2025-05-01T07:00:00Z"
      ),
      ("2025-05-01T06:00:00+02:00", "2025-12-31", "2025-05-01T04:00:00Z", "2026-01-01T00:00:00Z"),
      (nil, nil, "2025-04-04T00:00:00Z", "2025-05-04T00:00:00Z"),
      ("2025-05-03", nil, "2025-05-03T00:00:00Z", "2025-05-04T00:00:00Z"),
      (nil, "2025-03-30", "2025-03-01T00:00:00Z", "2025-03-31T00:00:00Z"),
      (nil, "2025-03-31T12:00:00Z", "2025-03-01T12:00:00Z", "2025-03-31T12:00:00Z"),
    ] as [(String?, String?, String, String)])
  func questions(from: String?, to: String?, start: String, end: String) throws {
    let range = try TimeRange.ofQuestion(from: bound(from), to: bound(to), now: now)
    #expect(range.lowerBound == (try instant(start)))
    #expect(range.upperBound == (try instant(end)))
  }

  @Test(
    "a user's event lasts from the start of today for 30 calendar days unless it says otherwise",
    arguments: [
      (nil, nil, "2025-05-03T00:00:00Z", "2025-06-02T00:00:00Z"),
      ("2025-06-01T08:30:00Z", nil, "2025-06-01T08:30:00Z", "2025-07-01T08:30:00Z"),
      ("2024-02-01", nil, "2024-02-01T00:00:00Z", "2024-03-02T00:00:00Z"),
      (nil, "2025-05-03", "2025-05-03T00:00:00Z", "2025-05-04T00:00:00Z"),
    ] as [(String?, String?, String, String)])
  func userEvents(from: String?, to: String?, start: String, end: String) throws {
    let range = try TimeRange.ofUserEvent(startedAt: bound(from), endedAt: bound(to), now: now)
    #expect(range.lowerBound == (try instant(start)))
    #expect(range.upperBound == (try instant(end)))
  }

  @Test(
    "an end that is not after its start is an error, not an empty answer",
    arguments: [
      ("2025-05-02", "2025-05-01"), ("2025-05-02T00:00:00Z", "2025-05-02T00:00:00Z"),
      ("2025-05-04", nil),
    ] as [(String, String?)])
  func empty(from: String, to: String?) {
    #expect(throws: TimeRange.Problem.self) {
      try TimeRange.ofQuestion(from: bound(from), to: bound(to), now: now)
    }
  }

  @Test(
    "what is neither a date nor a time is no bound",
    arguments: ["", "2025-05", "2025-02-30", "yesterday", "2025-05-01T06:00", "1746266400"])
  func refused(text: String) {
    let bytes = Array(text.utf8)
    let bound = TimeBound(bytes.span)
    #expect(bound == nil)
  }

  private func bound(_ text: String?) throws -> TimeBound? {
    guard let text else { return nil }
    let bytes = Array(text.utf8)
    guard let bound = TimeBound(bytes.span) else {
      Issue.record("\(text) is no bound")
      return nil
    }
    return bound
  }
}
