import Calendar
import Events
import Testing

@testable import Query

@Suite("Scopes and comparisons") struct ScopeTests {
  private func instant(_ year: Int, _ month: Int, _ day: Int, hour: Int64 = 0) throws -> Instant {
    let date = try #require(CivilDate(year: year, month: month, day: day))
    return Zone.utc.start(of: date).saturatingAdding(milliseconds: hour * 3_600_000)
  }

  @Test("questions about events leave operations out")
  func kinds() {
    for kind in EventKind.allCases {
      #expect(EventKinds.events.holds(kind) == !kind.isOperation)
      #expect(EventKinds.operations.holds(kind) == kind.isOperation)
    }
  }

  @Test("pieces begin where the calendar says, weeks where the scope says")
  func pieces() throws {
    let range = days(2, 9)
    #expect(try Scope(range).starts(by: .week).map(\.milliseconds) == [monday, monday + 7 * day])
    #expect(
      try Scope(range, weekStart: .sunday).starts(by: .week).map(\.milliseconds)
        == [monday - day, monday + 6 * day])
    #expect(try Scope(range).starts(by: .total) == [range.lowerBound])
    #expect(try Scope(range).starts(by: .hour).count == 7 * 24)
    #expect(throws: QueryError.tooManyBuckets(limit: 40_000)) {
      try Scope(days(0, 3_000)).starts(by: .hour)
    }
    for interval in Interval.allCases {
      #expect(try Scope(days(3, 3)).starts(by: interval) == [])
    }
  }

  @Test("whole pieces reach from the first one's start to the last one's end")
  func whole() throws {
    #expect(try Scope(days(2, 8)).whole(by: .week).range == days(0, 14))
    #expect(try Scope(days(0, 7)).whole(by: .week).range == days(0, 7))
    #expect(try Scope(days(2, 8)).whole(by: .total).range == days(2, 8))
    #expect(try Scope(days(2, 2)).whole(by: .week).range == days(2, 2))
  }

  @Test("a scope knows how many days it touches")
  func dayCount() {
    #expect(Scope(days(0, 1)).days == 1)
    #expect(Scope(days(0, 7)).days == 7)
    let late = Instant(milliseconds: monday + 23 * hour)
    #expect(Scope(late..<late.saturatingAdding(milliseconds: 2 * hour)).days == 2)
    #expect(Scope(late..<late).days == 0)
  }

  @Test("before a month of 31 days come the 31 days before it")
  func periodBefore() throws {
    let march = try instant(2026, 3, 1)..<instant(2026, 4, 1)
    let before = try #require(Comparison.periodBefore.range(for: march, in: .utc))
    #expect(before == (try instant(2026, 1, 29)..<instant(2026, 3, 1)))
    let hours = try instant(2026, 3, 1, hour: 5)..<instant(2026, 3, 1, hour: 8)
    let earlier = try #require(Comparison.periodBefore.range(for: hours, in: .utc))
    #expect(earlier == (try instant(2026, 3, 1, hour: 2)..<instant(2026, 3, 1, hour: 5)))
  }

  @Test("a month to date is compared with the same days of the month before")
  func monthBefore() throws {
    let toDate = try instant(2026, 6, 1)..<instant(2026, 6, 11)
    #expect(
      Comparison.monthBefore.range(for: toDate, in: .utc)
        == (try instant(2026, 5, 1)..<instant(2026, 5, 11)))
    let longer = try instant(2026, 3, 1)..<instant(2026, 3, 31)
    #expect(
      Comparison.monthBefore.range(for: longer, in: .utc)
        == (try instant(2026, 2, 1)..<instant(2026, 3, 1)))
  }

  @Test("a year before February 29 is February 28")
  func yearBefore() throws {
    func before(_ range: Range<Instant>) -> Range<Instant>? {
      Comparison.yearBefore.range(for: range, in: .utc)
    }
    #expect(
      before(try instant(2024, 2, 29)..<instant(2024, 3, 1))
        == (try instant(2023, 2, 28)..<instant(2023, 3, 1)))
    #expect(
      before(try instant(2024, 1, 1)..<instant(2024, 2, 29))
        == (try instant(2023, 1, 1)..<instant(2023, 3, 1)))
    #expect(
      before(try instant(2024, 1, 1)..<instant(2025, 1, 1))
        == (try instant(2023, 1, 1)..<instant(2024, 1, 1)))
    #expect(before(try instant(2024, 1, 1)..<instant(2024, 1, 1)) == nil)
  }
}
