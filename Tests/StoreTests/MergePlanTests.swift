import Events
import Sections
import TestSupport
import Testing

@testable import Store

/// A catalogue in which seals and merges happen, and nothing else: years of it in seconds.
private struct SimulatedStore {
  var packs: [PackFacts] = []
  var next: UInt64 = 1
  var sealed = 0
  var merged = 0
  var merges = 0
  /// How often each seal's rows were merged at most, by level of the packs.
  var mostLive: [ShareKey: Int] = [:]
  var mostPacks = 0

  mutating func seal(_ shares: [PackFacts.Share]) {
    packs.append(PackFacts(number: next, arrival: next...next, level: 0, shares: shares))
    next += 1
    sealed += shares.reduce(0) { $0 + $1.bytes }
  }

  mutating func merge(now: Int64) {
    while let job = MergePlan.next(packs, now: now) {
      let inputs = packs.filter { job.inputs.contains($0.number) }
      #expect(inputs.count == job.inputs.count && inputs.count > 1 && inputs.count <= 8)
      #expect(job.level <= MergePlan.mostMerges && inputs.allSatisfy { $0.level < job.level })
      #expect(Set(inputs.map(\.family)).count == 1)
      packs.removeAll { job.inputs.contains($0.number) }
      var shares: [ShareKey: (rows: Int, bytes: Int)] = [:]
      for share in inputs.flatMap(\.shares) {
        shares[share.key, default: (0, 0)].rows += share.rows
        shares[share.key, default: (0, 0)].bytes += share.bytes
      }
      let first = inputs.map(\.arrival.lowerBound).min() ?? 0
      let last = inputs.map(\.arrival.upperBound).max() ?? 0
      var rest: [PackFacts.Share] = []
      for (key, sum) in shares {
        let share = PackFacts.Share(key, rows: sum.rows, bytes: sum.bytes)
        merged += sum.bytes
        if job.own.contains(key) {
          #expect(sum.bytes > MergePlan.ownBytes)
          packs.append(
            PackFacts(number: next, arrival: first...last, level: job.level, shares: [share]))
          next += 1
        } else {
          #expect(sum.bytes <= MergePlan.ownBytes)
          rest.append(share)
        }
      }
      if !rest.isEmpty {
        packs.append(
          PackFacts(number: next, arrival: first...last, level: job.level, shares: rest))
        next += 1
      }
      merges += 1
    }
    mostPacks = max(mostPacks, packs.count)
    var live: [ShareKey: Int] = [:]
    for share in packs.lazy.flatMap(\.shares) { live[share.key, default: 0] += 1 }
    for (key, count) in live { mostLive[key] = max(mostLive[key] ?? 0, count) }
  }

  var amplification: Double { Double(merged) / Double(max(sealed, 1)) }
}

@Suite("The plan of merges") struct MergePlanTests {
  private static let day: Int64 = 86_400_000
  private static let start: Int64 = 1_767_225_600_000
  private static let bytesPerRow = 25

  private func project(_ number: Int) throws -> ProjectID { try ProjectID("p\(number)") }

  @Test("a year of 10,000 small projects leaves about 35 packs, and ten years 7 more for each year")
  func smallProjects() throws {
    // Four stand for the ten thousand: how many there are changes no decision while all are small.
    var store = SimulatedStore()
    let projects = try (0..<4).map { try project($0) }
    for seal in 0..<36_500 {
      let now = Self.start + Int64(seal) * Self.day / 10
      store.seal(
        projects.map {
          PackFacts.Share(ShareKey($0, Window(of: now)), rows: 100, bytes: 100 * Self.bytesPerRow)
        })
      store.merge(now: now)
      if seal == 3_650 { #expect(store.mostPacks <= 35) }
    }
    #expect(store.mostPacks <= 21 + 36_500 / 512 + 1)
    #expect(store.amplification <= 3)
    #expect(store.mostLive.values.max() ?? 0 <= 24)
  }

  @Test("one project of a billion events a year: sections, packs and writes are bounded")
  func largeProject() throws {
    var store = SimulatedStore()
    let acme = try project(1)
    var late = SeededGenerator(seed: 4)
    for seal in 0..<1_000 {
      let now = Self.start + Int64(seal) * Self.day * 365 / 1_000
      var shares = [
        PackFacts.Share(
          ShareKey(acme, Window(of: now)), rows: 990_000, bytes: 990_000 * Self.bytesPerRow)
      ]
      let old = now - Int64.random(in: 20...70, using: &late) * Self.day
      if Window(of: old) != Window(of: now) {
        shares.append(
          PackFacts.Share(ShareKey(acme, Window(of: old)), rows: 10_000, bytes: 250_000))
      }
      store.seal(shares)
      store.merge(now: now)
    }
    #expect(store.amplification <= 3)
    #expect(store.mostLive.values.max() ?? 0 <= 24)
    // A closed month is a few sections.
    let first = ShareKey(acme, Window(of: Self.start))
    #expect(store.packs.count { $0.shares.contains { $0.key == first } } <= 10)
  }

  @Test("whatever is sealed, no row is merged more than three times", arguments: 0..<12)
  func anything(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var store = SimulatedStore()
    let projects = try (0..<40).map { try project($0) }
    for seal in 0..<1_200 {
      let now = Self.start + Int64(seal) * Self.day / 4
      var shares: [ShareKey: Int] = [:]
      for (number, project) in projects.enumerated()
      where Int.random(in: 0..<3, using: &random) > 0 {
        let rows = Int.random(in: 1...(number < 3 ? 400_000 : 3_000), using: &random)
        shares[ShareKey(project, Window(of: now)), default: 0] += rows
        if Int.random(in: 0..<8, using: &random) == 0 {
          let old = now - Int64.random(in: 0..<400, using: &random) * Self.day
          shares[ShareKey(project, Window(of: old)), default: 0] += rows / 20 + 1
        }
        if Int.random(in: 0..<50, using: &random) == 0 {
          shares[ShareKey(project, .skew), default: 0] += 10
        }
      }
      store.seal(shares.map { PackFacts.Share($0, rows: $1, bytes: $1 * Self.bytesPerRow) })
      store.merge(now: now)
      #expect(store.packs.allSatisfy { $0.rows > 0 && $0.level <= 3 })
    }
    #expect(store.amplification <= 3)
    let months = store.mostLive.filter { $0.key.window != .skew }
    #expect(months.values.max() ?? 0 <= 24)
  }

  @Test("an import of ten years at once does not make packs without end")
  func history() throws {
    var store = SimulatedStore()
    let acme = try project(1)
    for _ in 0..<100 {
      store.seal(
        (0..<120).map { month in
          PackFacts.Share(
            ShareKey(acme, .month(Int32(552 + month))), rows: 8_300, bytes: 8_300 * 25)
        })
      store.merge(now: Self.start + 3_000 * Self.day)
    }
    #expect(store.amplification <= 3)
    #expect(store.mostLive.values.max() ?? 0 <= 24)
    #expect(store.packs.count <= 120 * 3)
  }

  @Test("what is damaged or in hand is left alone, and the rest goes on")
  func fixed() throws {
    let acme = try project(1)
    let share = PackFacts.Share(ShareKey(acme, .month(672)), rows: 10, bytes: 250)
    let packs = (1...9 as ClosedRange<UInt64>).map { number in
      PackFacts(
        number: number, arrival: number...number, level: 0, shares: [share], isFixed: number == 3)
    }
    #expect(MergePlan.next(packs, now: 0)?.inputs == [1, 2, 4, 5, 6, 7, 8, 9])
    #expect(MergePlan.next(Array(packs.dropLast()), now: 0) == nil)
  }
}
