import Testing

@testable import Calendar

/// Dates by counting years and months one at a time.
enum CalendarModel {
  static func isLeap(_ year: Int) -> Bool {
    if year % 400 == 0 { return true }
    if year % 100 == 0 { return false }
    return year % 4 == 0
  }

  static func lengths(of year: Int) -> [Int] {
    [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  }

  static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    var days = 0
    for year in min(year, 1970)..<max(year, 1970) { days += isLeap(year) ? 366 : 365 }
    if year < 1970 { days = -days }
    return days + lengths(of: year).prefix(month - 1).reduce(0, +) + day - 1
  }

  /// RFC 3339 as its grammar reads, with the ranges checked afterwards.
  static func milliseconds(rfc3339 bytes: [UInt8]) -> Int64? {
    guard let text = String(validating: bytes, as: UTF8.self), text.utf8.allSatisfy({ $0 < 0x80 })
    else { return nil }
    let grammar =
      #/
      ([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt\x20]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?
      ([Zz]|([+\-])([0-9]{2}):([0-9]{2}))?
      /#.matchingSemantics(.unicodeScalar)
    guard let match = text.wholeMatch(of: grammar)?.output else { return nil }
    let fields = [match.1, match.2, match.3, match.4, match.5, match.6].map { Int($0) ?? -1 }
    guard (1...12).contains(fields[1]), fields[2] >= 1,
      fields[2] <= lengths(of: fields[0])[fields[1] - 1], fields[3] < 24, fields[4] < 60,
      fields[5] <= 60
    else { return nil }
    let fraction = (match.7.map { $0.dropFirst() } ?? "") + "000"
    var milliseconds = Int(fraction.prefix(3)) ?? 0
    milliseconds += fields[5] * 1000 + fields[4] * 60_000 + fields[3] * 3_600_000
    if fields[5] == 60 { milliseconds -= milliseconds % 1000 + 1 }
    milliseconds += days(fields[0], fields[1], fields[2]) * 86_400_000
    if let sign = match.9, let hours = match.10.flatMap({ Int($0) }),
      let minutes = match.11.flatMap({ Int($0) })
    {
      guard hours < 24, minutes < 60 else { return nil }
      milliseconds -= (sign == "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000
    }
    if fields[5] == 60, (milliseconds + 1) % 86_400_000 != 0 { return nil }
    return Int64(milliseconds)
  }
}

func instant(_ text: String) throws -> Instant {
  let bytes = Array(text.utf8)
  let instant = Instant(rfc3339: bytes.span)
  return try #require(instant)
}
