import TestSupport
import Testing

@testable import Calendar

@Suite("Tables of buckets") struct BucketTableTests {
  @Test(
    "many instants fall where a search through all starts finds them", arguments: Fixtures.names)
  func agreesWithSearch(name: String) throws {
    let zone = try zone(name)
    var random = SeededGenerator(seed: 3)
    for bucket in BucketTests.all {
      for _ in 0..<4 {
        let from = Int64.random(in: -2_000_000_000_000...4_000_000_000_000, using: &random)
        let width = Int64.random(
          in: 1...[9_000_000, 40_000_000_000].randomElement(using: &random)!, using: &random)
        let range = Instant(milliseconds: from)..<Instant(milliseconds: from + width)
        let table = try BucketTable(bucket, in: range, of: zone, limit: 20_000)
        #expect(table.starts == bucket.starts(in: range, of: zone, limit: 20_000))
        var instants = (0..<500).map { _ in
          Int64.random(in: (from - 1000)...(from + width + 1000), using: &random)
        }
        for start in table.starts.shuffled(using: &random).prefix(100) {
          instants += [start.milliseconds - 1, start.milliseconds]
        }
        instants += [.min, .max, from - 1, from, from + width - 1, from + width]
        var indexes = [UInt32](repeating: 99, count: instants.count)
        var places = indexes.mutableSpan
        table.indexes(of: instants.span, into: &places)
        let expected = instants.map { instant -> UInt32 in
          guard instant >= from, instant < from + width else { return BucketTable.outside }
          return UInt32(table.starts.lastIndex { $0.milliseconds <= instant } ?? -1)
        }
        #expect(indexes == expected)
        let single = instants.map { table.index(of: Instant(milliseconds: $0)) }
        #expect(single == expected.map { $0 == BucketTable.outside ? nil : Int($0) })
      }
    }
  }

  @Test("hours of a minute, as where clocks go back at 00:01, are found as well")
  func crowded() throws {
    let zone = try zone("America/St_Johns")
    let range = try instant("2010-11-07T00:00:00Z")..<instant("2010-11-07T06:00:00Z")
    let table = try BucketTable(.hour, in: range, of: zone, limit: 100)
    #expect(!table.isOnQuarterHourGrid)
    let minutes = (0..<360).map { range.lowerBound.milliseconds + $0 * 60_000 }
    var indexes = [UInt32](repeating: 0, count: minutes.count)
    var places = indexes.mutableSpan
    table.indexes(of: minutes.span, into: &places)
    var lengths = [Int](repeating: 0, count: table.count)
    for index in indexes { lengths[Int(index)] += 1 }
    #expect(lengths == [30, 60, 60, 1, 59, 60, 60, 30])
  }

  @Test("an empty range has no buckets, and all of time too many", arguments: BucketTests.all)
  func borders(bucket: Bucket) throws {
    let table = try BucketTable(bucket, in: .epoch..<(.epoch), of: .utc, limit: 0)
    #expect(table.count == 0)
    let instants: [Int64] = [.min, -1, 0, 1, .max]
    var indexes = [UInt32](repeating: 0, count: 5)
    var places = indexes.mutableSpan
    table.indexes(of: instants.span, into: &places)
    #expect(indexes.allSatisfy { $0 == BucketTable.outside })
    #expect(throws: BucketTable.Problem.tooManyBuckets(limit: 100_000)) {
      try BucketTable(
        bucket, in: Instant(milliseconds: .min)..<Instant(milliseconds: .max), of: .utc,
        limit: 100_000)
    }
  }
}
