import Testing

@testable import Calendar

@Suite("Buckets of zones") struct ZoneBucketTests {
  /// The buckets that begin in the range, by a walk in steps of a quarter of a minute: one begins
  /// where what the clocks show belongs to another one, and a later one, than all that they showed.
  private func walk(_ bucket: Bucket, _ zone: Zone, _ range: Range<Instant>) -> [Instant] {
    var starts: [Instant] = []
    var latest: [Int] = []
    var time = range.lowerBound
    while time < range.upperBound {
      let local = zone.localTime(at: time)
      let date = local.date
      let name: [Int]
      switch bucket {
      case .hour:
        name = [date.daysSinceEpoch, local.hour, Int(zone.offsetMilliseconds(at: time))]
      case .day: name = [date.daysSinceEpoch]
      case .week(let first):
        name = [(date.daysSinceEpoch + 3 - first.rawValue).flooringDivided(by: 7).quotient]
      case .month: name = [date.year, date.month]
      case .quarter: name = [date.year, (date.month - 1) / 3]
      case .year: name = [date.year]
      }
      let begins = bucket == .hour ? name != latest : latest.lexicographicallyPrecedes(name)
      if begins {
        if !latest.isEmpty { starts.append(time) }
        latest = name
      }
      time = time.saturatingAdding(milliseconds: 15_000)
    }
    return starts
  }

  @Test(
    "around changes of clocks buckets begin where a walk finds them",
    arguments: [
      ("America/Los_Angeles", "2025-03-09T10:00:00Z"),
      ("America/Los_Angeles", "2025-11-02T09:00:00Z"),
      ("Pacific/Apia", "2011-12-30T10:00:00Z"), ("Pacific/Kiritimati", "1994-12-31T10:40:00Z"),
      ("Pacific/Kwajalein", "1969-09-30T13:00:00Z"),
      ("Australia/Lord_Howe", "2025-04-05T15:00:00Z"),
      ("Australia/Lord_Howe", "2025-10-04T15:30:00Z"),
      ("America/St_Johns", "2010-11-07T02:31:00Z"), ("America/St_Johns", "2010-03-14T03:31:00Z"),
      ("America/Goose_Bay", "2010-11-07T03:01:00Z"), ("America/Moncton", "2006-10-29T03:01:00Z"),
      ("America/Sao_Paulo", "2018-11-04T03:00:00Z"), ("America/Sao_Paulo", "2019-02-17T02:00:00Z"),
      ("Antarctica/Casey", "2022-10-01T16:01:00Z"), ("Antarctica/Troll", "2025-03-30T01:00:00Z"),
      ("Asia/Gaza", "2011-03-31T22:01:00Z"), ("Africa/Cairo", "2100-10-28T21:00:00Z"),
      ("America/Nuuk", "2100-10-31T01:00:00Z"), ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
      ("Etc/GMT+12", "2024-12-31T12:00:00Z"),
    ])
  func agreesWithWalk(name: String, time: String) throws {
    let zone = try zone(name)
    let middle = try instant(time)
    let from = middle.saturatingAdding(milliseconds: -50 * 3_600_000)
    let to = middle.saturatingAdding(milliseconds: 50 * 3_600_000)
    for bucket in BucketTests.all {
      let expected = walk(bucket, zone, from..<to)
      let starts = try #require(bucket.starts(in: from..<to, of: zone, limit: 1000))
      #expect(starts.filter { $0 > from } == expected, "\(bucket)")
      #expect(starts[0] <= from)
      for (start, next) in zip(starts, starts.dropFirst()) {
        #expect(bucket.next(after: start, in: zone) == next, "\(bucket) at \(start)")
        #expect(bucket.start(of: start, in: zone) == start, "\(bucket)")
        let last = next.saturatingAdding(milliseconds: -1)
        #expect(bucket.start(of: last, in: zone) == start, "\(bucket)")
      }
    }
  }

  private func labels(
    _ bucket: Bucket, _ name: String, _ from: String, _ to: String
  ) throws -> [String] {
    let zone = try zone(name)
    let range = try question(from, to, in: zone)
    let starts = try #require(bucket.starts(in: range, of: zone, limit: 1000))
    return starts.map { bucket.label(of: $0, in: zone) }
  }

  @Test("the day on which clocks go forward has 23 hours, and no 02:00")
  func shortDay() throws {
    let hours = try labels(.hour, "US/Pacific", "2025-03-09", "2025-03-09")
    #expect(hours.count == 23)
    #expect(
      hours.prefix(4) == [
        "2025-03-09T00:00:00.000-08:00", "2025-03-09T01:00:00.000-08:00",
        "2025-03-09T03:00:00.000-07:00", "2025-03-09T04:00:00.000-07:00",
      ])
  }

  @Test("the day on which clocks go back has 25 hours, and 01:00 with two offsets")
  func longDay() throws {
    let hours = try labels(.hour, "US/Pacific", "2025-11-02", "2025-11-02")
    #expect(hours.count == 25)
    #expect(
      hours.prefix(4) == [
        "2025-11-02T00:00:00.000-07:00", "2025-11-02T01:00:00.000-07:00",
        "2025-11-02T01:00:00.000-08:00", "2025-11-02T02:00:00.000-08:00",
      ])
  }

  @Test("a day that was left out has no bucket")
  func missingDay() throws {
    #expect(
      try labels(.day, "Pacific/Apia", "2011-12-28", "2012-01-01")
        == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"])
    // A week that would have begun on it begins on the day behind it.
    #expect(
      try labels(.week(startingOn: .friday), "Pacific/Apia", "2011-12-25", "2012-01-07")
        == ["2011-12-23", "2011-12-31", "2012-01-06"])
    #expect(throws: TimeRange.Problem.self) {
      try labels(.day, "Pacific/Apia", "2011-12-30", "2011-12-30")
    }
  }

  @Test("days begin at local midnight, and weeks with the day that was asked for")
  func calendar() throws {
    let zone = try zone("Asia/Tehran")
    let evening = try instant("2025-05-03T20:29:59.999Z")
    #expect("\(zone.date(at: evening))" == "2025-05-03")
    let midnight = try instant("2025-05-03T20:30:00Z")
    #expect(Bucket.day.start(of: midnight, in: zone) == midnight)
    #expect(Bucket.day.next(after: Bucket.day.start(of: evening, in: zone), in: zone) == midnight)
    #expect(
      try labels(.week, "US/Pacific", "2025-03-05", "2025-03-16")
        == ["2025-03-03", "2025-03-10"])
    #expect(
      try labels(.week(startingOn: .sunday), "US/Pacific", "2025-03-05", "2025-03-16")
        == ["2025-03-02", "2025-03-09", "2025-03-16"])
    #expect(
      try labels(.quarter, "US/Pacific", "2024-12-31", "2025-07-01")
        == ["2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01"])
    #expect(
      try labels(.year, "US/Pacific", "2024-12-31", "2025-07-01") == ["2024-01-01", "2025-01-01"])
  }

  @Test("all hours of eleven years are made at once, and one too many is refused")
  func bounded() throws {
    let zone = try zone("America/Los_Angeles")
    let from = try instant("2014-01-01T08:00:00Z")
    let to = from.saturatingAdding(milliseconds: 100_000 * 3_600_000)
    #expect(Bucket.hour.starts(in: from..<to, of: zone, limit: 100_000)?.count == 100_000)
    let more = to.saturatingAdding(milliseconds: 1)
    #expect(Bucket.hour.starts(in: from..<more, of: zone, limit: 100_000) == nil)
  }
}
