/// A date and time as RFC 3339 writes them (`2025-05-03T10:00:00.123+02:00`). The zone may be
/// absent; what that means is the caller's to say. Strict otherwise: every field has its width and
/// its range, years have four digits. Fractions of any length are cut to milliseconds, and a leap
/// second, where one may be, is the last millisecond before it.
package struct RFC3339Time: Equatable, Sendable {
  package let time: LocalTime
  /// How far the clock that was read is ahead of UTC; nil where the text does not say.
  package let offsetMilliseconds: Int64?

  /// The instant, where a text without a zone is read with the clocks of `zone`.
  package func instant(unlessSaid zone: Zone = .utc) -> Instant {
    guard let offsetMilliseconds else { return zone.instant(of: time) }
    // Years of four digits are far from the ends of what 64 bits hold.
    return Instant(milliseconds: time.elapsedMilliseconds.saturatingAdding(-offsetMilliseconds))
  }

  /// Nil where the bytes, all of them, are not such a time.
  package init?(_ bytes: Span<UInt8>) {
    var reader = FieldReader()
    guard let date = reader.date(bytes),
      let separator = reader.peek(bytes), [0x54, 0x74, 0x20].contains(separator),
      reader.take(separator, bytes), let time = reader.timeOfDay(bytes),
      let zone = reader.zone(bytes), reader.isAtEnd(of: bytes)
    else { return nil }
    if time.isLeapSecond {
      // Leap seconds are the last of a day in Greenwich, wherever the clock hangs.
      let inUTC = time.milliseconds - (zone.milliseconds ?? 0)
      let ofDay = inUTC.flooringDivided(by: .millisecondsPerDay).remainder
      guard ofDay == .millisecondsPerDay - 1 else { return nil }
    }
    self.time = LocalTime(date: date, millisecondOfDay: time.milliseconds)
    offsetMilliseconds = zone.milliseconds
  }
}

extension Instant {
  /// Reads RFC 3339; a text without a zone is UTC.
  package init?(rfc3339 bytes: Span<UInt8>) {
    guard let read = RFC3339Time(bytes) else { return nil }
    self.init(
      milliseconds: read.time.elapsedMilliseconds.saturatingAdding(-(read.offsetMilliseconds ?? 0)))
  }

  /// `2025-05-03T10:00:00.123Z`. A year that four digits do not hold has a sign and as many as it
  /// needs (ISO 8601), which RFC 3339 does not read.
  package var rfc3339: String {
    String(decoding: rfc3339Bytes, as: UTF8.self)
  }

  package var rfc3339Bytes: [UInt8] {
    var bytes = LocalTime(elapsedMilliseconds: milliseconds).bytes
    bytes.append(UInt8(ascii: "Z"))
    return bytes
  }
}

extension Zone {
  /// What the zone's clocks show, and how far they are from UTC: `2025-11-02T01:00:00.000-07:00`,
  /// so that the two showings of one time differ; `Z` in the zone UTC.
  ///
  /// An offset is written in minutes. Of one that has seconds, as local mean times did, they are
  /// left out and the time is written as such clocks would show it: it is always the same instant.
  package func rfc3339(_ instant: Instant) -> String {
    let offset = offsetMilliseconds(at: instant)
    // RFC 3339 has no offsets of a day and more.
    guard self != .utc, abs(offset) < .millisecondsPerDay else { return instant.rfc3339 }
    let minutes = Int(offset / 60_000)
    let local = instant.milliseconds.saturatingAdding(Int64(minutes) * 60_000)
    var bytes = LocalTime(elapsedMilliseconds: local).bytes
    bytes.append(UInt8(ascii: minutes < 0 ? "-" : "+"))
    bytes.append(digits: abs(minutes) / 60, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(digits: abs(minutes) % 60, width: 2)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension LocalTime {
  /// `2025-05-03T10:00:00.123`.
  fileprivate var bytes: [UInt8] {
    var bytes = date.bytes
    bytes.append(UInt8(ascii: "T"))
    bytes.append(digits: hour, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(digits: minute, width: 2)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(digits: second, width: 2)
    bytes.append(UInt8(ascii: "."))
    bytes.append(digits: millisecond, width: 3)
    return bytes
  }
}

extension Instant: CustomStringConvertible {
  package var description: String { rfc3339 }
}

extension CivilDate: CustomStringConvertible {
  /// Reads `2025-05-03`, all of the bytes.
  package init?(_ bytes: Span<UInt8>) {
    var reader = FieldReader()
    guard let date = reader.date(bytes), reader.isAtEnd(of: bytes) else { return nil }
    self = date
  }

  package var description: String { String(decoding: bytes, as: UTF8.self) }

  fileprivate var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    if !(0...9999).contains(year) { bytes.append(UInt8(ascii: year < 0 ? "-" : "+")) }
    bytes.append(digits: abs(year), width: 4)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(digits: month, width: 2)
    bytes.append(UInt8(ascii: "-"))
    bytes.append(digits: day, width: 2)
    return bytes
  }
}

private enum ZoneField {
  case absent
  case offset(Int64)

  var milliseconds: Int64? { if case .offset(let offset) = self { offset } else { nil } }
}

extension FieldReader {
  fileprivate mutating func date(_ bytes: Span<UInt8>) -> CivilDate? {
    guard let year = number(digits: 4, bytes), take(UInt8(ascii: "-"), bytes),
      let month = number(digits: 2, bytes), take(UInt8(ascii: "-"), bytes),
      let day = number(digits: 2, bytes)
    else { return nil }
    return CivilDate(year: year, month: month, day: day)
  }

  fileprivate mutating func timeOfDay(
    _ bytes: Span<UInt8>
  ) -> (milliseconds: Int64, isLeapSecond: Bool)? {
    guard let hour = number(digits: 2, bytes), hour < 24, take(UInt8(ascii: ":"), bytes),
      let minute = number(digits: 2, bytes), minute < 60, take(UInt8(ascii: ":"), bytes),
      let second = number(digits: 2, bytes), second <= 60, let fraction = fraction(bytes)
    else { return nil }
    let isLeapSecond = second == 60
    let milliseconds = isLeapSecond ? 59_999 : second * 1000 + fraction
    return (Int64((hour * 60 + minute) * 60_000 + milliseconds), isLeapSecond)
  }

  /// The milliseconds of a fraction, which may be absent but not empty.
  private mutating func fraction(_ bytes: Span<UInt8>) -> Int? {
    guard take(UInt8(ascii: "."), bytes) else { return 0 }
    guard var milliseconds = number(digits: 1, bytes) else { return nil }
    var scale = 2
    while let digit = number(digits: 1, bytes) {
      if scale > 0 {
        milliseconds = milliseconds * 10 + digit
        scale -= 1
      }
    }
    while scale > 0 {
      milliseconds *= 10
      scale -= 1
    }
    return milliseconds
  }

  fileprivate mutating func zone(_ bytes: Span<UInt8>) -> ZoneField? {
    if isAtEnd(of: bytes) { return .absent }
    if take(UInt8(ascii: "Z"), bytes) || take(UInt8(ascii: "z"), bytes) { return .offset(0) }
    let isNegative = take(UInt8(ascii: "-"), bytes)
    guard isNegative || take(UInt8(ascii: "+"), bytes),
      let hours = number(digits: 2, bytes), hours < 24, take(UInt8(ascii: ":"), bytes),
      let minutes = number(digits: 2, bytes), minutes < 60
    else { return nil }
    let milliseconds = Int64((hours * 60 + minutes) * 60_000)
    return .offset(isNegative ? -milliseconds : milliseconds)
  }
}

extension [UInt8] {
  /// A number that is not negative, with zeros before it up to the width.
  mutating func append(digits value: Int, width: Int) {
    let text = String(value)
    append(
      contentsOf: repeatElement(UInt8(ascii: "0"), count: Swift.max(0, width - text.utf8.count)))
    append(contentsOf: text.utf8)
  }
}
