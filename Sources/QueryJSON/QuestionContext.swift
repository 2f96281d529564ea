package import Calendar

/// What a question's text leaves to its surroundings: the moment, the project's clocks and calendar,
/// and its saved filters.
package struct QuestionContext: Sendable {
  package var now: Instant
  /// Those of the project: for questions that name none.
  package var zone: Zone
  package var weekStart: Weekday
  package var zones: ZoneFiles
  package var segments: SegmentBook

  package init(
    now: Instant, zone: Zone = .utc, weekStart: Weekday = .monday, zones: ZoneFiles,
    segments: SegmentBook = .none
  ) {
    self.now = now
    self.zone = zone
    self.weekStart = weekStart
    self.zones = zones
    self.segments = segments
  }
}
