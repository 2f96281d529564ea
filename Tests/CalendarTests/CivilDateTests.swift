import TestSupport
import Testing

@testable import Calendar

@Suite("Civil dates") struct CivilDateTests {
  @Test("days and dates follow each other one by one through twelve centuries")
  func everyDay() throws {
    var number = CalendarModel.days(1500, 1, 1)
    var weekday = 0  // 1500-01-01 would have been a Monday.
    for year in 1500..<2700 {
      for (month, length) in CalendarModel.lengths(of: year).enumerated() {
        for day in 1...length {
          let date = CivilDate(daysSinceEpoch: number)
          guard let date, date.year == year, date.month == month + 1, date.day == day,
            date.daysSinceEpoch == number, date.weekday.rawValue == weekday
          else {
            Issue.record("\(year)-\(month + 1)-\(day) is day \(number)")
            return
          }
          number += 1
          weekday = (weekday + 1) % 7
        }
      }
    }
  }

  @Test("far dates agree with counting years", arguments: UInt64(0)..<30)
  func farDates(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let year = Int.random(in: -20_000...20_000, using: &random)
    let month = Int.random(in: 1...12, using: &random)
    let day = Int.random(in: 1...CalendarModel.lengths(of: year)[month - 1], using: &random)
    let date = try #require(CivilDate(year: year, month: month, day: day))
    #expect(date.daysSinceEpoch == CalendarModel.days(year, month, day))
    #expect(CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date)
  }

  @Test(
    "days that do not exist are refused",
    arguments: [
      (2025, 2, 29), (1900, 2, 29), (2025, 0, 1), (2025, 13, 1), (2025, 4, 31), (2025, 1, 0),
      (2025, 1, -1), (Int.max, 1, 1), (Int.min, 1, 1), (2025, Int.max, Int.min),
    ])
  func refused(year: Int, month: Int, day: Int) {
    #expect(CivilDate(year: year, month: month, day: day) == nil)
  }

  @Test("the ends of the numbers are no traps")
  func extremes() throws {
    #expect(CivilDate(daysSinceEpoch: .max) == nil)
    #expect(CivilDate(daysSinceEpoch: .min) == nil)
    let date = try #require(CivilDate(year: 2025, month: 1, day: 31))
    #expect(date.adding(days: .max) == CivilDate(year: 400_000_000, month: 12, day: 31))
    #expect(date.adding(days: .min) == CivilDate(year: -400_000_000, month: 1, day: 1))
    #expect(date.adding(months: .max).year == 400_000_000)
    #expect(date.adding(months: .min).year == -400_000_000)
    for milliseconds in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
      let instant = Instant(milliseconds: milliseconds)
      let back = Zone.utc.instant(of: Zone.utc.localTime(at: instant))
      #expect(back == instant)
      #expect(!instant.rfc3339.isEmpty)
      #expect(instant.httpDate.utf8.count == 29)
    }
  }

  @Test(
    "a month later is the same day, or the last one there is",
    arguments: [
      ((2025, 1, 31), 1, (2025, 2, 28)), ((2024, 1, 31), 1, (2024, 2, 29)),
      ((2024, 2, 29), 12, (2025, 2, 28)), ((2025, 1, 1), -1, (2024, 12, 1)),
      ((2025, 3, 31), -13, (2024, 2, 29)), ((1, 1, 1), -24, (-1, 1, 1)),
    ])
  func months(start: (Int, Int, Int), months: Int, end: (Int, Int, Int)) throws {
    let date = try #require(CivilDate(year: start.0, month: start.1, day: start.2))
    #expect(date.adding(months: months) == CivilDate(year: end.0, month: end.1, day: end.2))
  }
}
