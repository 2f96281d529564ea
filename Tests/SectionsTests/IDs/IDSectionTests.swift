import Events
import Platform
import Testing

@testable import Sections

@Suite("Id sections") struct IDSectionTests {
  @Test("a key and a time give the id back", arguments: IDWorld.allCases)
  func mixIsInvertible(world: IDWorld) {
    for id in world.ids(2_000, seed: 1) {
      let key = IDMix.example.key(of: id)
      #expect(IDMix.example.id(key, milliseconds: id.milliseconds) == id)
    }
  }

  @Test("the keys of weak generators spread as chance does", arguments: IDWorld.allCases)
  func keysSpread(world: IDWorld) {
    let ids = world.ids(64_000, seed: 2)
    var counts = [Int](repeating: 0, count: 1_000)
    for id in ids {
      counts[Int(IDMix.example.key(of: id).value.multipliedFullWidth(by: 1_000).high)] += 1
    }
    let share = ids.count / 1_000
    // Seven standard deviations of a fair draw.
    let bound = 7 * Int(Double(share).squareRoot()) + 4
    #expect(counts.allSatisfy { abs($0 - share) <= bound })
  }

  @Test(
    "ids are found as a dictionary finds them, and rows give them back",
    arguments: [0, 1, 2, 3, 500, 584, 585, 586, 1_024, 1_025, 9_500, 40_000], IDWorld.allCases)
  func agreesWithModel(count: Int, world: IDWorld) throws {
    // Every second id is in the section, the others are looked for in vain.
    let all = world.ids(2 * count, seed: UInt64(count) + 1)
    let ids = all.indices.filter { $0 % 2 == 0 }.map { all[$0] }
    let times = ids.map(\.milliseconds)
    let built = try BuiltSection(ids, times: times)
    var model: [EventID: Int] = [:]
    for (row, id) in ids.enumerated() { model[id] = row }

    #expect(try built.rows(of: all) == all.map { model[$0] })
    let section = try built.section
    #expect(built.extents.extents.count == section.extentCount)
    for row in stride(from: 0, to: ids.count, by: 37) {
      #expect(try section.id(ofRow: row, time: times[row]) == ids[row])
    }
  }

  @Test("any order of a batch, with repeats, gives the same rows", arguments: UInt64(0)..<20)
  func batchesMayRepeat(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let ids = IDWorld.strong.ids(5_000, seed: seed)
    let built = try BuiltSection(Array(ids[..<4_000]), times: ids[..<4_000].map(\.milliseconds))
    let wanted = (0..<300).map { _ in Int.random(in: 0..<5_000, using: &random) }
    let expected = wanted.map { $0 < 4_000 ? $0 : nil }
    #expect(try built.rows(of: wanted.map { ids[$0] }) == expected)
    let unsorted = IDBatch(wanted.map { ids[$0] }, mix: .example, isSorted: false)
    let sorted = IDBatch(wanted.map { ids[$0] }, mix: .example)
    let section = try built.section
    #expect(try Set(section.find(unsorted)) == Set(section.find(sorted)))
  }

  @Test("ids made before or after their row's time come back", arguments: UInt64(0)..<12)
  func gapsAreKept(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let ids = IDWorld.strong.ids(70_000, seed: seed)
    let oneIn = [1, 2, 10, 100, 5_000, 60_000][Int(seed % 6)]
    let reach: Int64 = seed < 6 ? 3_000 : 1 << 47
    let times = ids.map { id in
      guard Int.random(in: 0..<oneIn, using: &random) == 0 else { return id.milliseconds }
      return max(0, id.milliseconds + Int64.random(in: -reach...reach, using: &random))
    }
    let built = try BuiltSection(ids, times: times)
    let section = try built.section
    for row in stride(from: 0, to: ids.count, by: 101) {
      #expect(try section.id(ofRow: row, time: times[row]) == ids[row])
    }
    let near = ids.indices.filter { !IDRoute.isStray(ids[$0], time: times[$0]) }
    #expect(try built.rows(of: near.map { ids[$0] }) == near)
  }

  @Test("strays' rows give their ids back and are not looked for by time")
  func straysAreOutsideTheMap() throws {
    let ids = IDWorld.farApart.ids(3_000, seed: 4)
    let times = ids.map { _ in IDWorld.now }
    let built = try BuiltSection(ids, times: times)
    #expect(built.root.times == nil)
    #expect(try built.section.find(IDBatch(ids, mix: .example)).isEmpty)
    #expect(try built.section.id(ofRow: 77, time: times[77]) == ids[77])
  }

  @Test("a newer id than all costs no read")
  func freshIDsReadNothing() throws {
    let ids = IDWorld.strong.ids(3_000, seed: 5)
    let built = try BuiltSection(ids, times: ids.map(\.milliseconds))
    let newest = try #require(built.root.times).upperBound
    let fresh = (0..<500).map {
      EventID(milliseconds: newest + 400_000 + $0, chance: (0, UInt64($0)))
    }
    let unreadable = try IDSection(built.root, source: MemoryExtents(), mix: .example)
    #expect(try unreadable.find(IDBatch(fresh, mix: .example)).isEmpty)
    #expect(throws: SectionProblem.self) { try unreadable.find(IDBatch(ids, mix: .example)) }
  }

  @Test("ids take what STORE says, the resident part a hundredth of it")
  func sizes() throws {
    let ids = IDWorld.strong.ids(200_000, seed: 6)
    let built = try BuiltSection(ids, times: ids.map(\.milliseconds))
    // 74 − log2 n + 2 + 1/4 bits of keys, ⌈log2 n⌉ of the permutation.
    #expect(Double(built.extents.byteCount) / Double(ids.count) < 9.75)
    #expect(built.root.residentByteCount < ids.count / 80)
  }
}
