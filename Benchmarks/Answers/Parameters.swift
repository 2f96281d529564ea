import Calendar
import Events
import JSON
import Query

/// What the generator's manifest says that the questions are about.
struct Parameters: Sendable {
  let project: ProjectID
  private(set) var range: Range<Instant>
  private(set) var month: Range<Instant>
  let zone: Zone
  let windowMilliseconds: Int64
  let country: String
  let needle: String
  let profile: String
  let typicalProfile: String

  init(_ manifest: [UInt8]) throws {
    guard let values = try JSONValue(parsing: manifest.span)["parameters"] else {
      throw Complaint("the manifest has no parameters")
    }
    func text(_ key: String) throws(Complaint) -> String {
      guard let text = values[key]?.string else { throw Complaint("no parameter \(key)") }
      return text
    }
    func instant(_ key: String) throws(Complaint) -> Instant {
      guard let number = values[key]?.integer else { throw Complaint("no parameter \(key)") }
      return Instant(milliseconds: number)
    }
    project = try ProjectID(text("project"))
    range = try instant("from_ms")..<instant("to_ms")
    month = try instant("month_from_ms")..<instant("month_to_ms")
    zone = try ZoneFiles().zone(named: text("tz"))
    windowMilliseconds = try instant("window_ms").milliseconds
    country = try text("country")
    needle = try text("needle")
    profile = try text("profile")
    typicalProfile = try text("typical_profile")
  }

  var scope: Scope { Scope(range, zone: zone) }

  func shifted(byMinutes minutes: Int64) -> Parameters {
    func later(_ range: Range<Instant>) -> Range<Instant> {
      let distance = minutes * 60_000
      let start = range.lowerBound.saturatingAdding(milliseconds: distance)
      return start..<range.upperBound.saturatingAdding(milliseconds: distance)
    }
    var shifted = self
    shifted.range = later(range)
    shifted.month = later(month)
    return shifted
  }
}
