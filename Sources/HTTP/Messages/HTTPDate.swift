/// Dates as HTTP writes them, `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older ways it reads.
package enum HTTPDate {
  private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months: [StaticString] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  /// The years that four digits hold.
  private static let range = Int64(-62_167_219_200)...253_402_300_799

  /// Appends the date of `second`, counted from 1970; one outside the years 0 to 9999 is their end.
  package static func append(_ second: Int64, to out: inout [UInt8]) {
    let second = min(max(second, range.lowerBound), range.upperBound)
    let day = Int((second >= 0 ? second : second - 86_399) / 86_400)
    let time = Int(second - Int64(day) * 86_400)
    let (year, month, dayOfMonth) = civil(day)
    out.append(days[((day % 7) + 7) % 7])
    out.append(", ")
    out.append(twoDigits: dayOfMonth)
    out.append(" ")
    out.append(months[month - 1])
    out.append(" ")
    out.append(twoDigits: year / 100)
    out.append(twoDigits: year % 100)
    for (separator, part) in [(" ", time / 3600), (":", time / 60 % 60), (":", time % 60)]
      as [(StaticString, Int)]
    {
      out.append(separator)
      out.append(twoDigits: part)
    }
    out.append(" GMT")
  }

  /// The second of a date in any of the three forms of RFC 9110 5.6.7; nil for anything else.
  /// - Parameter thisYear: decides the century of the form with two digits.
  package static func second(of text: String, thisYear: Int = 2000) -> Int64? {
    let words = text.split(whereSeparator: { " ,-".utf8.contains($0.utf8.first!) }).map(String.init)
    if words.count == 6, words[5] == "GMT" {
      let isOld = words[3].utf8.count == 2
      guard let given = number(words[3], digits: isOld ? 2...2 : 4...4) else { return nil }
      var year = given
      if isOld {
        // RFC 9110: more than fifty years ahead means the last century.
        year += thisYear / 100 * 100
        if year > thisYear + 50 { year -= 100 }
      }
      return second(year, words[2], day: words[1], time: words[4])
    }
    if words.count == 5, let year = number(words[4], digits: 4...4) {
      return second(year, words[1], day: words[2], time: words[3])
    }
    return nil
  }

  private static func second(_ year: Int, _ month: String, day: String, time: String) -> Int64? {
    let parts = time.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let month = months.firstIndex(where: { $0.description == month }),
      let day = number(day, digits: 1...2), (1...31).contains(day), parts.count == 3,
      let hour = number(parts[0], digits: 2...2), hour < 24,
      let minute = number(parts[1], digits: 2...2), minute < 60,
      let second = number(parts[2], digits: 2...2), second <= 60  // A leap second is the next one.
    else { return nil }
    let count = daysBefore(year, month + 1, day)
    guard civil(count) == (year, month + 1, day) else { return nil }  // 30 February
    return Int64(count) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }

  private static func number(_ text: String, digits: ClosedRange<Int>) -> Int? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy(Byte.isDigit) else { return nil }
    return Int(text)
  }

  /// The civil date of a day counted from 1970, by eras of 400 years that begin in March.
  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func daysBefore(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

/// The line `Date: …`, written anew only when the second changes.
package struct DateLine: Sendable {
  package private(set) var second: Int64
  package private(set) var bytes: [UInt8] = []

  package init(at second: Int64) {
    self.second = second
    write()
  }

  package mutating func update(to second: Int64) {
    guard second != self.second else { return }
    self.second = second
    write()
  }

  private mutating func write() {
    bytes.removeAll(keepingCapacity: true)
    bytes.append("Date: ")
    HTTPDate.append(second, to: &bytes)
    bytes.append("\r\n")
  }
}

extension [UInt8] {
  fileprivate mutating func append(twoDigits number: Int) {
    append(Byte.zero &+ UInt8(number / 10))
    append(Byte.zero &+ UInt8(number % 10))
  }
}
