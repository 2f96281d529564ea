// The rule at the end of a zone's file, in the language of POSIX's variable TZ (POSIX.1, 8.3) with
// the extended hours of RFC 9636, 3.3.1:
//
//   name offset [name [offset] , date [/time] , date [/time]]
//
//   name     three letters or more, or `<...>` around letters, digits, `+` and `-`
//   offset   [+-]hh[:mm[:ss]] that the clocks are *behind* UTC, at most 24 hours; summer's is an
//            hour ahead of the other where it is left out
//   date     Jn    day 1 to 365, which is never February 29
//            n     day 0 to 365, with February 29 where there is one
//            Mm.w.d   weekday d (0 is Sunday) for the w-th time in month m; 5 is the last time
//   time     [+-]hh[:mm[:ss]], -167 to 167 hours, on the clocks before the change; 02:00:00
//            where it is left out
//
//   <+03>-3     PST8PDT,M3.2.0,M11.1.0     EET-2EEST,M3.4.4/50,M10.4.4/50
struct FooterRule: Equatable, Sendable {
  struct Summer: Equatable, Sendable {
    let offset: Int64
    let start: YearlyMoment
    let end: YearlyMoment
  }

  let standardOffset: Int64
  /// What the second name is about. It need not be ahead of the other, nor be in summer.
  let summer: Summer?

  /// Nil where the bytes, all of them, are no such rule.
  init?(_ bytes: Span<UInt8>) {
    var reader = FieldReader()
    guard reader.zoneName(bytes), let behind = reader.duration(hours: 24, bytes) else { return nil }
    standardOffset = -behind
    if reader.isAtEnd(of: bytes) {
      summer = nil
      return
    }
    guard reader.zoneName(bytes) else { return nil }
    var offset = standardOffset + .millisecondsPerHour
    if reader.peek(bytes) != UInt8(ascii: ",") {
      guard let behind = reader.duration(hours: 24, bytes) else { return nil }
      offset = -behind
    }
    // POSIX lets each system choose rules of its own where there are none: files have them.
    guard reader.take(UInt8(ascii: ","), bytes), let start = reader.yearlyMoment(bytes),
      reader.take(UInt8(ascii: ","), bytes), let end = reader.yearlyMoment(bytes),
      reader.isAtEnd(of: bytes)
    else { return nil }
    summer = Summer(offset: offset, start: start, end: end)
  }
}

/// A local time that every year has.
struct YearlyMoment: Equatable, Sendable {
  enum Day: Equatable, Sendable {
    /// From 1, and March 1 is always the 60th.
    case withoutLeapDay(Int)
    /// From 0.
    case ofYear(Int)
    case weekday(Weekday, week: Int, month: Int)
  }

  let day: Day
  /// Up to a week before or behind the day's start.
  let milliseconds: Int64

  /// As a clock counts that was started with 1970.
  func milliseconds(in year: Int) -> Int64 {
    Int64(daysSinceEpoch(in: year)) * .millisecondsPerDay + milliseconds
  }

  private func daysSinceEpoch(in year: Int) -> Int {
    func days(_ month: Int, _ day: Int) -> Int {
      guard let date = CivilDate(year: year, month: month, day: day) else {
        preconditionFailure("no day \(day) in month \(month)")
      }
      return date.daysSinceEpoch
    }
    switch day {
    case .withoutLeapDay(let number):
      return days(1, 1) + number - 1 + (number >= 60 && CivilDate.isLeap(year) ? 1 : 0)
    case .ofYear(let number): return days(1, 1) + number
    case .weekday(let weekday, let week, let month):
      let first = days(month, 1)
      guard let date = CivilDate(daysSinceEpoch: first) else { return first }
      let day = 1 + (weekday.rawValue - date.weekday.rawValue + 7) % 7 + (week - 1) * 7
      return first - 1 + (day > CivilDate.days(inMonth: month, of: year) ? day - 7 : day)
    }
  }
}

extension FieldReader {
  /// True where one was there; what it is nobody asks.
  fileprivate mutating func zoneName(_ bytes: Span<UInt8>) -> Bool {
    let isQuoted = take(UInt8(ascii: "<"), bytes)
    var count = 0
    while let byte = peek(bytes) {
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      let isMore =
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "+")
        || byte == UInt8(ascii: "-")
      guard isLetter || isQuoted && isMore, take(byte, bytes) else { break }
      count += 1
    }
    return count >= 3 && (!isQuoted || take(UInt8(ascii: ">"), bytes))
  }

  /// `[+-]hh[:mm[:ss]]` as milliseconds.
  fileprivate mutating func duration(hours limit: Int, _ bytes: Span<UInt8>) -> Int64? {
    let isNegative = take(UInt8(ascii: "-"), bytes)
    if !isNegative { _ = take(UInt8(ascii: "+"), bytes) }
    guard let hours = number(upTo: 3, bytes), hours <= limit else { return nil }
    var seconds = hours * 3600
    if take(UInt8(ascii: ":"), bytes) {
      guard let minutes = number(upTo: 2, bytes), minutes < 60 else { return nil }
      seconds += minutes * 60
      if take(UInt8(ascii: ":"), bytes) {
        guard let rest = number(upTo: 2, bytes), rest < 60 else { return nil }
        seconds += rest
      }
    }
    return Int64(isNegative ? -seconds : seconds) * .millisecondsPerSecond
  }

  fileprivate mutating func yearlyMoment(_ bytes: Span<UInt8>) -> YearlyMoment? {
    guard let day = yearlyDay(bytes) else { return nil }
    var time = 2 * Int64.millisecondsPerHour
    if take(UInt8(ascii: "/"), bytes) {
      guard let written = duration(hours: 167, bytes) else { return nil }
      time = written
    }
    return YearlyMoment(day: day, milliseconds: time)
  }

  private mutating func yearlyDay(_ bytes: Span<UInt8>) -> YearlyMoment.Day? {
    if take(UInt8(ascii: "J"), bytes) {
      guard let number = number(upTo: 3, bytes), (1...365).contains(number) else { return nil }
      return .withoutLeapDay(number)
    }
    if take(UInt8(ascii: "M"), bytes) {
      guard let month = number(upTo: 2, bytes), (1...12).contains(month),
        take(UInt8(ascii: "."), bytes), let week = number(upTo: 1, bytes),
        (1...5).contains(week), take(UInt8(ascii: "."), bytes),
        let day = number(upTo: 1, bytes), (0...6).contains(day)
      else { return nil }
      return .weekday(Weekday.allCases[(day + 6) % 7], week: week, month: month)
    }
    guard let number = number(upTo: 3, bytes), number <= 365 else { return nil }
    return .ofYear(number)
  }
}
