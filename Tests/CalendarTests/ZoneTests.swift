import TestSupport
import Testing

@testable import Calendar

@Suite("Time zones") struct ZoneTests {
  @Test(
    "a local time is the first instant at which clocks show it or a later one",
    arguments: [
      // An ordinary one; one that is left out; one that is shown twice.
      ("America/Los_Angeles", "2025-05-03T10:00:00", "2025-05-03T17:00:00Z"),
      ("America/Los_Angeles", "2025-03-09T02:00:00", "2025-03-09T10:00:00Z"),
      ("America/Los_Angeles", "2025-03-09T02:59:59.999", "2025-03-09T10:00:00Z"),
      ("America/Los_Angeles", "2025-03-09T03:00:00", "2025-03-09T10:00:00Z"),
      ("America/Los_Angeles", "2025-11-02T01:30:00", "2025-11-02T08:30:00Z"),
      ("America/Los_Angeles", "2025-11-02T02:00:00", "2025-11-02T10:00:00Z"),
      ("Asia/Tehran", "2025-05-04T00:00:00", "2025-05-03T20:30:00Z"),
      ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"),
      ("Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z"),
      ("Pacific/Apia", "2011-12-29T23:59:59.999", "2011-12-30T09:59:59.999Z"),
      // At 00:01 the clocks went back to 23:01.
      ("America/St_Johns", "2010-11-07T00:00:00", "2010-11-07T02:30:00Z"),
      ("America/St_Johns", "2010-11-06T23:30:00", "2010-11-07T02:00:00Z"),
    ])
  func localTimes(name: String, local: String, expected: String) throws {
    let zone = try zone(name)
    let bytes = Array(local.utf8)
    let time = RFC3339Time(bytes.span)
    #expect(time?.instant(unlessSaid: zone) == (try instant(expected)))
  }

  @Test("of all zones and times, later local times are never earlier", arguments: Fixtures.names)
  func monotone(name: String) throws {
    let zone = try zone(name)
    var random = SeededGenerator(seed: 7)
    let range = try instant("1900-01-01T00:00:00Z")..<instant("2110-01-01T00:00:00Z")
    for change in try #require(zone.changes(in: range, limit: 10_000)) {
      let around = (0..<20).map { _ in
        change.instant.milliseconds + change.offsetMilliseconds
          + .random(in: -100_000_000...100_000_000, using: &random)
      }.sorted()
      let found = around.map { zone.instant(of: LocalTime(elapsedMilliseconds: $0)) }
      #expect(found == found.sorted())
      for (local, instant) in zip(around, found) {
        #expect(zone.localTime(at: instant) >= LocalTime(elapsedMilliseconds: local))
        let before = zone.localTime(at: instant.saturatingAdding(milliseconds: -1))
        #expect(before < LocalTime(elapsedMilliseconds: local))
      }
    }
  }

  @Test(
    "local times are written with their offset, and always as the same instant",
    arguments: [
      ("America/Los_Angeles", "2025-11-02T08:00:00Z", "2025-11-02T01:00:00.000-07:00"),
      ("America/Los_Angeles", "2025-11-02T09:00:00Z", "2025-11-02T01:00:00.000-08:00"),
      ("Asia/Kathmandu", "2025-05-03T10:00:00.123Z", "2025-05-03T15:45:00.123+05:45"),
      ("America/St_Johns", "2025-01-01T00:00:00Z", "2024-12-31T20:30:00.000-03:30"),
      ("Europe/Dublin", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00.000+00:00"),
      // 44 minutes and 30 seconds behind.
      ("Africa/Monrovia", "1970-01-01T00:00:00Z", "1969-12-31T23:16:00.000-00:44"),
      ("Pacific/Kiritimati", "2025-01-01T00:00:00Z", "2025-01-01T14:00:00.000+14:00"),
    ])
  func written(name: String, time: String, expected: String) throws {
    let moment = try instant(time)
    let text = try zone(name).rfc3339(moment)
    #expect(text == expected)
    #expect(try instant(text) == moment)
    #expect(Zone.utc.rfc3339(moment) == moment.rfc3339)
  }

  /// Of the whole database, these (and those that share their clocks) leave the grid after 1970.
  @Test(
    "quarters of an hour add up to all buckets, except where offsets or changes lie beside them",
    arguments: [
      ("Africa/Monrovia", "1970-01-01", "1972-01-01", false),
      ("Africa/Monrovia", "1972-01-08", "2100-01-01", true),
      ("Pacific/Kiritimati", "1970-01-01", "1979-09-30", false),
      ("Pacific/Kiritimati", "1979-10-02", "2100-01-01", true),
      ("Pacific/Guam", "1976-01-01", "1977-01-01", false),
      ("Pacific/Guam", "1977-01-01", "2100-01-01", true),
      ("America/Moncton", "2006-01-01", "2007-01-01", false),
      ("America/Moncton", "2007-01-01", "2100-01-01", true),
      ("America/St_Johns", "2011-01-01", "2012-01-01", false),
      ("America/St_Johns", "2012-01-01", "2100-01-01", true),
      ("America/Goose_Bay", "2010-01-01", "2012-01-01", false),
      ("America/Goose_Bay", "2012-01-01", "2100-01-01", true),
      ("Asia/Gaza", "2010-01-01", "2012-01-01", false),
      ("Asia/Gaza", "2012-01-01", "2100-01-01", true),
      ("Asia/Hebron", "2010-01-01", "2012-01-01", false),
      ("Antarctica/Casey", "2022-09-30", "2022-10-02", false),
      ("Antarctica/Casey", "2022-10-03", "2100-01-01", true),
      ("America/Los_Angeles", "1970-01-01", "9999-01-01", true),
      ("Australia/Lord_Howe", "1982-01-01", "2400-01-01", true),
      ("Asia/Kathmandu", "1990-01-01", "2400-01-01", true),
      ("Pacific/Apia", "1970-01-01", "2100-01-01", true),
    ])
  func grid(name: String, from: String, to: String, expected: Bool) throws {
    let range = try instant(from + "T00:00:00Z")..<instant(to + "T00:00:00Z")
    #expect(try zone(name).isOnQuarterHourGrid(in: range) == expected)
    // All the clocks ever did after the start of an exact range is on the grid too.
    if expected {
      let forEver = range.lowerBound..<Instant(milliseconds: .max)
      #expect(try zone(name).isOnQuarterHourGrid(in: forEver))
    }
  }

  @Test("changes are found in a range, its start included, and are bounded")
  func changes() throws {
    let zone = try zone("America/Los_Angeles")
    let first = try instant("2025-03-09T10:00:00Z")
    let second = try instant("2025-11-02T09:00:00Z")
    let after = second.saturatingAdding(milliseconds: 1)
    #expect(zone.changes(in: first..<second, limit: 9)?.map(\.instant) == [first])
    #expect(zone.changes(in: first..<after, limit: 2)?.map(\.instant) == [first, second])
    #expect(zone.changes(in: first..<after, limit: 1) == nil)
    let always = Instant(milliseconds: .min)..<Instant(milliseconds: .max)
    #expect(zone.changes(in: always, limit: 5000) == nil)
    #expect(Zone.utc.changes(in: always, limit: 0) == [])
  }

  @Test("zones are equal where name and clocks are")
  func equality() throws {
    #expect(try zone("US/Pacific") != zone("America/Los_Angeles"))
    #expect(try zone("US/Pacific") == zone("US/Pacific"))
    let (one, other) = (ZoneFileModel(initial: 60), ZoneFileModel(initial: 61))
    #expect(try Zone(one) == Zone(one))
    #expect(try Zone(one) != Zone(other))
  }

  @Test("no instant and no local time is a trap", arguments: Fixtures.names)
  func extremes(name: String) throws {
    let zone = try zone(name)
    let ends: [Int64] = [0, 1, 50_000_000]
    let first: [Int64] = ends.map { Int64.min + $0 }
    let last: [Int64] = ends.map { Int64.max - $0 }
    for milliseconds in first + last {
      let instant = Instant(milliseconds: milliseconds)
      let low = instant.saturatingAdding(milliseconds: -90_000_000)
      let high = instant.saturatingAdding(milliseconds: 90_000_000)
      _ = zone.instant(of: zone.localTime(at: instant))
      _ = zone.rfc3339(instant)
      _ = zone.change(after: instant)
      for bucket in BucketTests.all {
        let start = bucket.start(of: instant, in: zone)
        #expect(start <= instant)
        #expect(instant <= bucket.next(after: start, in: zone))
        let starts = bucket.starts(in: low..<high, of: zone, limit: 200)
        #expect(starts?.isEmpty == false)
      }
    }
  }
}
