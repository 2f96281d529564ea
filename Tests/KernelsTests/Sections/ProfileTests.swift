import Events
import JSON
import Platform
import Query
import QueryModel
import SealedModel
import Testing

@testable import Sections

@Suite("Profiles") struct ProfileTests {
  static let names = ["a", "b", "in", "é", "e\u{301}"]

  /// A history in which every second event says something of a profile, in any order of arrival.
  static func history(_ seed: UInt64, using random: inout some RandomNumberGenerator)
    -> ModelHistory
  {
    var history = ModelHistory.random(.some(seed), using: &random)
    let actions = ProfileOperation.Action.allCases.map(\.rawValue) + ["group", "increment", "set"]
    for index in history.arrived.indices where Bool.random(using: &random) {
      history.arrived[index].kind = Bool.random(using: &random) ? .profile : .identify
      history.arrived[index].isInteractive = false
      history.arrived[index].name = "$operation"
      var members: [JSONMember] = []
      for name in names where Int.random(in: 0..<2, using: &random) == 0 {
        members.append(JSONMember(name, value(&random)))
      }
      history.arrived[index].props = .object([
        JSONMember("op", .string(actions.randomElement(using: &random) ?? "set")),
        JSONMember("values", .object(members)),
      ])
    }
    return history
  }

  private static func value(_ random: inout some RandomNumberGenerator) -> JSONValue {
    let values: [JSONValue] = [
      nil, "x", "", 1, 2, -3, 2.5, 0.1, .integer(.max), .double(1.7e308), true, ["x", 1], [], [nil],
      ["x": ["y": 1]],
    ]
    return values.randomElement(using: &random) ?? nil
  }

  @Test(
    "every profile is what its person's operations say in their order, now and at any time",
    arguments: 0..<400 as Range<UInt64>)
  func equalsModel(seed: UInt64) throws {
    var random = seeded(seed)
    var history = Self.history(seed, using: &random)
    let sealed = try Sealed(erasingSomeOf: &history, parts: 1 + Int(seed % 4), using: &random)
    let ordinals = try sealed.snapshot.ordinals(everyone: true)
    let few = try ProfileFold(operationsAtOnce: 3).table(of: sealed.snapshot)
    let tables = [try #require(try sealed.snapshot.profiles()), try #require(few)]
    let folded = history.foldedProfiles
    for person in Set(history.events.compactMap { history.person(of: $0) }) {
      let number = ordinals.first(from: Sealed.hash(person).high)
      let versions = folded[person] ?? []
      var times = versions.flatMap { [$0.from - 1, $0.from] }
      times.append(Int64.random(in: monday..<monday + 40 * day, using: &random))
      for table in tables {
        #expect(
          table.attributes(of: number) == versions.last?.attributes ?? .object([]), "\(person)")
        for time in times {
          let expected = versions.last { $0.from <= time }?.attributes ?? .object([])
          #expect(table.attributes(of: number, at: time) == expected, "\(person)")
        }
      }
    }
  }

  @Test("a profile stops growing at its limits, and the rest goes on")
  func limits() {
    var attributes = ProfileAttributes()
    for number in 0..<1_002 {
      attributes.apply(ProfileOperation(.set, [JSONMember("key \(number)", 1)]))
    }
    #expect(attributes.members.count == 1_000 && attributes.refused == 2)
    attributes.apply(ProfileOperation(.set, [JSONMember("key 7", 2)]))
    #expect(attributes["key 7"] == 2)
    attributes.apply(ProfileOperation(.unset, [JSONMember("key 8", nil)]))
    for number in 0..<1_003 {
      attributes.apply(ProfileOperation(.append, [JSONMember("list", .integer(Int64(number)))]))
    }
    #expect(attributes["list"]?[999] == 999 && attributes["list"]?[1_000] == nil)
    #expect(attributes.refused == 5)
  }

  @Test("a table that would not fit is not made")
  func tooLarge() throws {
    var random = seeded(1)
    let sealed = try Sealed(Self.history(7, using: &random), using: &random)
    #expect(try ProfileFold(maximumBytes: 100).table(of: sealed.snapshot) == nil)
  }
}
