import Events
import Sections
import TestSupport
import Testing

@testable import Store

@Suite("Who is whom") struct JoinGraphTests {
  private typealias Operation = JoinGraph.Operation

  private static func hash(_ kind: PersonKind, _ number: Int) -> PersonHash {
    var random = SeededGenerator(seed: UInt64(number * 8) + UInt64(kind.rawValue))
    return PersonHash(high: random.next(), low: UInt32(number))
  }

  private static func position(_ number: Int) -> JoinPosition {
    JoinPosition(cts: Int64(number / 3), id: id(UInt64(number)))
  }

  private static func random(
    _ count: Int, people: Int, _ random: inout SeededGenerator
  ) -> [Operation] {
    // Positions in any order, and none twice.
    Array(0..<count).shuffled(using: &random).map { number in
      let kinds: [JoinOperation.Kind] = [.identify, .identify, .identify, .alias, .alias, .undo]
      var kind = kinds[Int.random(in: 0..<6, using: &random)]
      let fromKind: PersonKind = Int.random(in: 0..<3, using: &random) == 0 ? .profile : .device
      if fromKind == .profile, kind == .identify { kind = .alias }
      return Operation(
        kind: kind, fromKind: fromKind,
        from: hash(fromKind, Int.random(in: 0..<people, using: &random)),
        profile: hash(.profile, Int.random(in: 0..<people, using: &random)),
        position: position(number))
    }
  }

  /// What is meant, from all operations at once.
  private static func canonical(_ operations: [Operation]) -> [PersonHash: PersonHash] {
    struct Pair: Hashable {
      let from: PersonHash
      let profile: PersonHash
    }
    var ties: [(pair: Pair, isProfile: Bool, since: JoinPosition)] = []
    for (pair, all) in Dictionary(
      grouping: operations, by: { Pair(from: $0.from, profile: $0.profile) })
    where pair.from != pair.profile {
      let undone = all.filter { $0.kind == .undo }.map(\.position).max()
      let first = all.filter { $0.kind != .undo }.map(\.position).min()
      let alias = all.filter { $0.kind == .alias }.map(\.position).max()
      var since = first
      if let undone { since = alias.map { $0 > undone } ?? false ? alias : nil }
      if let since { ties.append((pair, all[0].fromKind == .profile, since)) }
    }
    var groups: [PersonHash: PersonHash] = [:]
    let profiles = Set(
      operations.map(\.profile)
        + operations.filter { $0.fromKind == .profile }.map(\.from))
    for profile in profiles { groups[profile] = profile }
    var isDone = false
    while !isDone {
      isDone = true
      for tie in ties where tie.isProfile {
        guard let one = groups[tie.pair.from], let other = groups[tie.pair.profile], one != other
        else { continue }
        groups[tie.pair.from] = min(one, other)
        groups[tie.pair.profile] = min(one, other)
        isDone = false
      }
    }
    for device in Set(operations.filter { $0.fromKind != .profile }.map(\.from)) {
      let owner = ties.filter { $0.pair.from == device }.min { $0.since < $1.since }
      groups[device] = owner.flatMap { groups[$0.pair.profile] } ?? device
    }
    return groups
  }

  @Test("every id is whose all operations together say, after each of them", arguments: 0..<300)
  func equalsModel(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let operations = Self.random(
      seed % 10 == 0 ? 200 : 40, people: 2 + seed % 9, &random)
    var graph = JoinGraph()
    for count in 1...operations.count {
      let operation = operations[count - 1]
      let verdict = graph.verdict(on: operation)
      #expect(graph.apply(operation) == verdict)
      #expect(graph.verdict(on: operation) == .known)
      let expected = Self.canonical(Array(operations[..<count]))
      #expect(expected.allSatisfy { (graph.joined[$0] ?? $0) == $1 })
      #expect(graph.joined.count == expected.count { $0 != $1 })
    }
  }

  @Test(
    "a graph that shows nobody while it is loaded shows the same in the end", arguments: 0..<100)
  func loading(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let operations = Self.random(80, people: 2 + seed % 9, &random)
    var graph = JoinGraph()
    var loaded = JoinGraph(isLoading: true)
    for operation in operations { graph.apply(operation) }
    for operation in (operations + operations).shuffled(using: &random) {
      loaded.apply(operation)
    }
    #expect(loaded.joined.isEmpty)
    loaded.isLoaded()
    #expect(loaded.joined.count == graph.joined.count)
    #expect(graph.joined.allSatisfy { loaded.joined[$0.key] == $0.value })
    let next = Self.random(20, people: 2 + seed % 9, &random)
    for operation in next { #expect(loaded.apply(operation) == graph.apply(operation)) }
    #expect(graph.joined.allSatisfy { loaded.joined[$0.key] == $0.value })
  }

  @Test("operations in another order, and all of them twice, come to the same", arguments: 0..<100)
  func order(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let operations = Self.random(60, people: 3 + seed % 9, &random)
    let expected = Self.canonical(operations)
    for _ in 0..<4 {
      var graph = JoinGraph()
      for operation in (operations + operations).shuffled(using: &random) {
        graph.apply(operation)
      }
      #expect(expected.allSatisfy { (graph.joined[$0] ?? $0) == $1 })
    }
  }

  @Test("only what changes something has to be known again", arguments: 0..<50)
  func changes(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let operations = Self.random(120, people: 6, &random)
    var graph = JoinGraph()
    let kept = operations.filter { graph.apply($0) == .changes }
    #expect(kept.count < operations.count)
    let expected = Self.canonical(operations)
    let found = Self.canonical(kept)
    #expect(expected.allSatisfy { (found[$0] ?? $0) == $1 })
  }

  private func identify(_ device: Int, _ profile: Int, at time: Int) -> JoinGraph.Operation {
    JoinGraph.Operation(
      kind: .identify, fromKind: .device, from: Self.hash(.device, device),
      profile: Self.hash(.profile, profile), position: Self.position(time))
  }

  private func alias(
    _ kind: JoinOperation.Kind, _ from: Int, _ profile: Int, at time: Int
  ) -> JoinGraph.Operation {
    JoinGraph.Operation(
      kind: kind, fromKind: .profile, from: Self.hash(.profile, from),
      profile: Self.hash(.profile, profile), position: Self.position(time))
  }

  @Test("a million ids that a bot gives to one person stop at the limit of a person")
  func tooManyIDs() {
    var graph = JoinGraph()
    var refused = 0
    for device in 0..<1_000_000 where graph.apply(identify(device, 1, at: device)) != .changes {
      refused += 1
    }
    #expect(graph.limits.ids == 10_000 && refused == 1_000_000 - 9_999)
    // The profile itself is one of them.
    #expect(graph.joined.count == 9_999 && graph.idCount == 10_000)
    #expect(graph.verdict(on: alias(.alias, 2, 1, at: 1)) == .tooManyIDs)
    #expect(graph.verdict(on: alias(.alias, 1, 2, at: 1)) == .tooManyIDs)
    #expect(graph.verdict(on: identify(7, 1, at: 2_000_000)) == .known)
    // Everybody else is as before.
    #expect(graph.apply(identify(2_000_000, 3, at: 0)) == .changes)
  }

  @Test("two people become one only where both together are within the limit")
  func tooManyTogether() {
    var graph = JoinGraph(limits: JoinGraph.Limits(ids: 10, ties: 64))
    for device in 0..<4 { graph.apply(identify(device, 1, at: device)) }
    for device in 10..<14 { graph.apply(identify(device, 2, at: device)) }
    for device in 20..<24 { graph.apply(identify(device, 3, at: device)) }
    #expect(graph.apply(alias(.alias, 1, 2, at: 50)) == .changes)
    #expect(graph.apply(alias(.alias, 3, 2, at: 51)) == .tooManyIDs)
    #expect(graph.apply(alias(.undo, 1, 2, at: 52)) == .changes)
    #expect(graph.apply(alias(.alias, 3, 2, at: 53)) == .changes)
    #expect(graph.joined.count == 3 * 4 + 1)
  }

  @Test("an id that everybody logs in with is the first one's, and the 65th is not even noted")
  func tooManyTies() {
    var graph = JoinGraph()
    for profile in 0..<64 {
      #expect(graph.apply(identify(0, profile, at: 1_000 - profile)) == .changes)
      #expect(graph.joined[Self.hash(.device, 0)] == Self.hash(.profile, profile))
    }
    #expect(graph.limits.ties == 64)
    #expect(graph.apply(identify(0, 64, at: 0)) == .tooManyTies)
    #expect(graph.joined[Self.hash(.device, 0)] == Self.hash(.profile, 63))
  }
}
