import Testing

@testable import Calendar

@Suite("Buckets") struct BucketTests {
  static let all: [Bucket] =
    [.hour, .day, .month, .quarter, .year] + Weekday.allCases.map { .week(startingOn: $0) }

  @Test(
    "an instant's bucket starts where the calendar says",
    arguments: [
      (Bucket.hour, "2025-05-03T10:00:00Z"), (.day, "2025-05-03T00:00:00Z"),
      (.week, "2025-04-28T00:00:00Z"), (.week(startingOn: .sunday), "2025-04-27T00:00:00Z"),
      (.week(startingOn: .saturday), "2025-05-03T00:00:00Z"), (.month, "2025-05-01T00:00:00Z"),
      (.quarter, "2025-04-01T00:00:00Z"), (.year, "2025-01-01T00:00:00Z"),
    ])
  func starts(bucket: Bucket, start: String) throws {
    let moment = try instant("2025-05-03T10:42:17.5Z")
    #expect(bucket.start(of: moment) == (try instant(start)))
  }

  @Test(
    "buckets follow each other without a gap, as an hour by hour walk finds them", arguments: all)
  func agreesWithWalk(bucket: Bucket) throws {
    let from = try instant("2023-12-18T05:30:00.001Z")
    let to = try instant("2024-04-02T00:00:00Z")
    // Hour after hour, a bucket begins where its name changes.
    var expected: [Instant] = []
    var hour = try instant("2023-01-01T00:00:00Z")
    var name = ""
    while hour < to {
      let next = self.name(of: bucket, at: hour)
      if next != name { expected.append(hour) }
      name = next
      hour = hour.saturatingAdding(milliseconds: 3_600_000)
    }
    expected.removeFirst(expected.lastIndex { $0 <= from } ?? 0)
    let starts = try #require(bucket.starts(in: from..<to, limit: 10_000))
    #expect(starts == expected)
    for (start, next) in zip(starts, starts.dropFirst()) {
      #expect(bucket.next(after: start) == next)
      #expect(bucket.start(of: start) == start)
      #expect(bucket.start(of: next.saturatingAdding(milliseconds: -1)) == start)
    }
  }

  private func name(of bucket: Bucket, at instant: Instant) -> String {
    let text = instant.rfc3339
    switch bucket {
    case .hour: return String(text.prefix(13))
    case .day: return String(text.prefix(10))
    case .month: return String(text.prefix(7))
    case .quarter: return "\(text.prefix(4)) \(((Int(text.dropFirst(5).prefix(2)) ?? 0) - 1) / 3)"
    case .year: return String(text.prefix(4))
    case .week(let first):
      // Whole weeks since some day with the right name; 1969-12-01 was a Monday.
      let days = Int(instant.milliseconds / 86_400_000) + 31
      return "\((days - first.rawValue) / 7)"
    }
  }

  @Test("a range that ends where a bucket starts does not touch it, and an empty one touches none")
  func borders() throws {
    let day = try instant("2025-05-03T00:00:00Z")
    let next = try instant("2025-05-04T00:00:00Z")
    #expect(Bucket.day.starts(in: day..<next, limit: 1) == [day])
    #expect(Bucket.day.starts(in: day..<day, limit: 0) == [])
    let more = next.saturatingAdding(milliseconds: 1)
    #expect(Bucket.day.starts(in: day..<more, limit: 2) == [day, next])
    #expect(Bucket.day.starts(in: day..<more, limit: 1) == nil)
  }

  @Test("all of time is too many buckets, and its ends are no traps", arguments: all)
  func extremes(bucket: Bucket) {
    let first = Instant(milliseconds: .min)
    let last = Instant(milliseconds: .max)
    #expect(bucket.starts(in: first..<last, limit: 1_000_000) == nil)
    #expect(bucket.start(of: first) == first)
    #expect(bucket.start(of: last) < last)
    #expect(bucket.next(after: bucket.start(of: last)) == last)
    let lastHours = last.saturatingAdding(milliseconds: -7_200_000)
    #expect(bucket.starts(in: lastHours..<last, limit: 10)?.isEmpty == false)
    let firstHours = first.saturatingAdding(milliseconds: 7_200_000)
    #expect(bucket.starts(in: first..<firstHours, limit: 10)?.first == first)
  }
}
