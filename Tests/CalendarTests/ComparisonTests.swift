import Testing

@testable import Calendar

@Suite("Comparisons") struct ComparisonTests {
  @Test(
    "the period before is as many days, or as many real hours",
    arguments: [
      ("UTC", "2025-03-01", "2025-03-31", "2025-01-29T00:00:00Z", "2025-03-01T00:00:00Z"),
      ("UTC", "2025-05-03", "2025-05-03", "2025-05-02T00:00:00Z", "2025-05-03T00:00:00Z"),
      // March has an hour less than 31 days, what lies before it has not.
      (
        "US/Pacific", "2025-03-01", "2025-03-31", "2025-01-29T08:00:00Z", "2025-03-01T08:00:00Z"
      ),
      (
        "US/Pacific", "2025-03-10", "2025-03-10", "2025-03-09T08:00:00Z", "2025-03-10T07:00:00Z"
      ),
      (
        "US/Pacific", "2025-03-09T20:00:00Z", "2025-03-10T20:00:00Z", "2025-03-08T20:00:00Z",
        "2025-03-09T20:00:00Z"
      ),
    ])
  func periodBefore(name: String, from: String, to: String, start: String, end: String) throws {
    try check(.periodBefore, name, from, to, start, end)
  }

  @Test(
    "this month to date is compared with as many days of the last month",
    arguments: [
      ("UTC", "2025-05-01", "2025-05-12", "2025-04-01T00:00:00Z", "2025-04-13T00:00:00Z"),
      ("UTC", "2025-03-01", "2025-03-30", "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"),
      ("UTC", "2025-01-01", "2025-01-31", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
      (
        "UTC", "2025-05-01", "2025-05-03T10:42:00", "2025-04-01T00:00:00Z", "2025-04-03T10:42:00Z"
      ),
      (
        "US/Pacific", "2025-04-01", "2025-04-20", "2025-03-01T08:00:00Z", "2025-03-21T07:00:00Z"
      ),
    ])
  func monthBefore(name: String, from: String, to: String, start: String, end: String) throws {
    try check(.monthBefore, name, from, to, start, end)
  }

  @Test(
    "a year before are the same dates, and February 28 for the 29th",
    arguments: [
      ("UTC", "2025-05-01", "2025-05-31", "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"),
      ("UTC", "2024-02-29", "2024-02-29", "2023-02-28T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("UTC", "2024-02-28", "2024-02-28", "2023-02-28T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("UTC", "2024-02-01", "2024-02-28", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("UTC", "2024-02-01", "2024-02-29", "2023-02-01T00:00:00Z", "2023-03-01T00:00:00Z"),
      ("UTC", "2025-02-01", "2025-02-28", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
      (
        "US/Pacific", "2026-03-08", "2026-03-08", "2025-03-08T08:00:00Z", "2025-03-09T08:00:00Z"
      ),
    ])
  func yearBefore(name: String, from: String, to: String, start: String, end: String) throws {
    try check(.yearBefore, name, from, to, start, end)
  }

  @Test("a range that begins with time has nothing before it")
  func nothing() {
    let first = Instant(milliseconds: .min)
    let range = first..<Instant(milliseconds: .min + 1)
    #expect(Comparison.periodBefore.range(for: range, in: .utc) == nil)
    for comparison in [Comparison.periodBefore, .monthBefore, .yearBefore] {
      _ = comparison.range(for: first..<Instant(milliseconds: .max), in: .utc)
    }
  }

  private func check(
    _ comparison: Comparison, _ name: String, _ from: String, _ to: String, _ start: String,
    _ end: String
  ) throws {
    let zone = try zone(name)
    let range = try question(from, to, in: zone)
    let expected = try instant(start)..<instant(end)
    #expect(comparison.range(for: range, in: zone) == expected)
  }
}
