import Calendar
import JSON

/// Times as questions write them: as their words or, where words would need more than four digits for
/// the year, as events have them.
enum TimeForm {
  private static let withWords: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  static func value(of instant: Instant) -> JSONValue {
    withWords.contains(instant.milliseconds)
      ? .string(instant.rfc3339) : .integer(instant.milliseconds)
  }
}

extension QuestionNode {
  func bound() throws(QuestionFault) -> TimeBound {
    switch value {
    case .string(let text):
      let bytes = Array(text.utf8)
      if let bound = TimeBound(bytes.span) { return bound }
    case .integer(let number):
      if let instant = Instant(timestamp: number) { return .instant(instant) }
    default: break
    }
    throw fault(
      .invalidTime,
      "is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or milliseconds since 1970")
  }

  func zone(_ zones: ZoneFiles) throws(QuestionFault) -> Zone {
    let name = try text()
    do throws(ZoneFiles.Problem) {
      return try zones.zone(named: name)
    } catch { throw fault(.invalidTime, error.description) }
  }

  /// The time until now: so many hours, minutes or seconds as they pass, or so many days of the
  /// calendar, of which today is the last.
  func lastRange(_ now: Instant, _ zone: Zone) throws(QuestionFault) -> Range<Instant> {
    guard let parts = DurationText.parts(of: try text()), parts.count > 0 else {
      throw fault(.invalidTime, Self.durationHint)
    }
    let isCalendar = parts.unit == "d" || parts.unit == "w"
    guard isCalendar else {
      return now.saturatingAdding(milliseconds: -parts.milliseconds)..<now
    }
    let days = parts.milliseconds / DurationText.milliseconds(of: "d")
    guard days <= Self.maximumDays else {
      throw fault(.outOfBounds, "has to be at most \(Self.maximumDays) days")
    }
    let today = zone.date(at: now)
    return zone.start(of: today.adding(days: 1 - Int(days)))..<zone.start(of: today.adding(days: 1))
  }

  /// A thousand years.
  private static var maximumDays: Int64 { 366_000 }
}

extension DurationText {
  static func milliseconds(of unit: String) -> Int64 {
    units.first { $0.name == unit }?.milliseconds ?? 1
  }
}
