// Dates in HTTP's fields (RFC 9110, 5.6.7): written in one form, read in three.
extension Instant {
  /// `Sun, 06 Nov 1994 08:49:37 GMT`; the years are those of four digits, as the form has no
  /// others.
  package var httpDate: String {
    let first = CivilDate(year: 0, month: 1, day: 1).map(Zone.utc.start) ?? self
    let behind = CivilDate(year: 10_000, month: 1, day: 1).map(Zone.utc.start) ?? self
    let last = behind.saturatingAdding(milliseconds: -1)
    let time = Zone.utc.localTime(at: min(max(self, first), last))
    var bytes = Array(HTTPDateNames.shortDays[time.date.weekday.rawValue].description.utf8)
    bytes.append(contentsOf: ", ".utf8)
    bytes.append(digits: time.date.day, width: 2)
    bytes.append(contentsOf: " \(HTTPDateNames.months[time.date.month - 1]) ".utf8)
    bytes.append(digits: time.date.year, width: 4)
    for (separator, value) in [(" ", time.hour), (":", time.minute), (":", time.second)] {
      bytes.append(contentsOf: separator.utf8)
      bytes.append(digits: value, width: 2)
    }
    return String(decoding: bytes, as: UTF8.self) + " GMT"
  }

  /// Reads the form above and the two obsolete ones, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov
  /// 6 08:49:37 1994`. A year of two digits that would be more than 50 years after `now` is the
  /// last one before with these digits. The name of the day must be one; that it is the right one
  /// is not checked.
  package init?(httpDate bytes: Span<UInt8>, now: Instant) {
    guard let instant = Self.fixed(bytes) ?? Self.rfc850(bytes, now) ?? Self.asctime(bytes) else {
      return nil
    }
    self = instant
  }

  private static func fixed(_ bytes: Span<UInt8>) -> Instant? {
    var reader = FieldReader()
    guard reader.oneOf(HTTPDateNames.shortDays, bytes) != nil, reader.take(", ", bytes),
      let day = reader.number(digits: 2, bytes), reader.take(" ", bytes),
      let month = reader.oneOf(HTTPDateNames.months, bytes), reader.take(" ", bytes),
      let year = reader.number(digits: 4, bytes), reader.take(" ", bytes),
      let time = reader.time(bytes), reader.take(" GMT", bytes), reader.isAtEnd(of: bytes)
    else { return nil }
    return instant(year, month, day, time)
  }

  private static func rfc850(_ bytes: Span<UInt8>, _ now: Instant) -> Instant? {
    var reader = FieldReader()
    guard reader.oneOf(HTTPDateNames.longDays, bytes) != nil, reader.take(", ", bytes),
      let day = reader.number(digits: 2, bytes), reader.take("-", bytes),
      let month = reader.oneOf(HTTPDateNames.months, bytes), reader.take("-", bytes),
      let shortYear = reader.number(digits: 2, bytes), reader.take(" ", bytes),
      let time = reader.time(bytes), reader.take(" GMT", bytes), reader.isAtEnd(of: bytes)
    else { return nil }
    let today = Zone.utc.localTime(at: now)
    let inFiftyYears = Zone.utc.instant(
      of: LocalTime(
        date: today.date.adding(months: 600), millisecondOfDay: today.millisecondOfDay))
    let latest = today.date.year + 50
    let year = latest - (latest - shortYear).flooringDivided(by: 100).remainder
    if let instant = instant(year, month, day, time), instant <= inFiftyYears { return instant }
    return instant(year == latest ? year - 100 : year, month, day, time)
  }

  private static func asctime(_ bytes: Span<UInt8>) -> Instant? {
    var reader = FieldReader()
    guard reader.oneOf(HTTPDateNames.shortDays, bytes) != nil, reader.take(" ", bytes),
      let month = reader.oneOf(HTTPDateNames.months, bytes), reader.take(" ", bytes),
      let day = reader.number(digits: reader.take(" ", bytes) ? 1 : 2, bytes),
      reader.take(" ", bytes), let time = reader.time(bytes), reader.take(" ", bytes),
      let year = reader.number(digits: 4, bytes), reader.isAtEnd(of: bytes)
    else { return nil }
    return instant(year, month, day, time)
  }

  private static func instant(_ year: Int, _ month: Int, _ day: Int, _ time: Int64) -> Instant? {
    guard let date = CivilDate(year: year, month: month + 1, day: day) else { return nil }
    return Zone.utc.instant(of: LocalTime(date: date, millisecondOfDay: time))
  }
}

private enum HTTPDateNames {
  static let shortDays: [StaticString] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  static let longDays: [StaticString] = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}

extension FieldReader {
  /// `08:49:37` as milliseconds of the day; a leap second is the second before it.
  fileprivate mutating func time(_ bytes: Span<UInt8>) -> Int64? {
    guard let hour = number(digits: 2, bytes), hour < 24, take(UInt8(ascii: ":"), bytes),
      let minute = number(digits: 2, bytes), minute < 60, take(UInt8(ascii: ":"), bytes),
      let second = number(digits: 2, bytes), second <= 60
    else { return nil }
    return Int64((hour * 60 + minute) * 60 + min(second, 59)) * 1000
  }
}
