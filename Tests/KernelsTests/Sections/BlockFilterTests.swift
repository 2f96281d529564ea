import Calendar
import Events
import JSON
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import Kernels

@Suite("Filters over sections") struct BlockFilterTests {
  /// The ids of the rows that pass, section after section.
  static func passing(_ filter: EventFilter, _ sealed: Sealed) throws -> [EventID] {
    var found: [EventID] = []
    for (number, section) in sealed.snapshot.sections.enumerated() {
      let reader = try BlockReader(section)
      let blocks = try BlockFilter(filter, section: number, reader)
      for block in 0..<section.blockCount {
        try reader.load(block)
        let count = try blocks.load(reader)
        if blocks.isEmpty { #expect(count == 0) }
        for row in blocks.rows.prefix(count) {
          found.append(sealed.rows[number][reader.firstRow + Int(row)].id)
        }
      }
    }
    return found
  }

  @Test("the rows that pass are the events that the definition lets through", arguments: 0..<1_500)
  func definition(seed: Int) throws {
    var random = seeded(UInt64(seed))
    let mix = ModelMix.some(UInt64(seed))
    let history = ModelHistory.random(mix, using: &random)
    let sealed = try Sealed(history, parts: Int.random(in: 1...3, using: &random), using: &random)
    for _ in 0..<4 {
      let from = mix.firstDay + Int64.random(in: -1...10, using: &random)
      let range = days(from, from + Int64.random(in: 0...13, using: &random))
      let kinds: EventKinds = Bool.random(using: &random) ? .events : [.events, .operations]
      let scope = Scope(
        range, kinds: kinds, filter: try Filter(.random(depth: 2, using: &random)))
      let names = Bool.random(using: &random) ? [] : ["view", "é"]
      let selector = try EventSelector(
        names, where: try Filter(.random(depth: 4, using: &random)))
      let filter: EventFilter
      do { filter = try EventFilter(scope, selector) } catch { continue }
      let expected = history.selected(selector, scope).map(\.id)
      let found = try Self.passing(filter, sealed).count
      try #require(
        Set(try Self.passing(filter, sealed)) == Set(expected),
        "\(scope.filter.condition) \(selector.filter.condition) \(names) \(kinds) \(found) \(expected.count) \(sealed.rows.map(\.count)) \(range)"
      )
      #expect(try Self.passing(filter, sealed).count == expected.count)
    }
  }

  @Test("sources and times of receipt are asked for as well", arguments: 0..<50)
  func rest(seed: Int) throws {
    var random = seeded(UInt64(seed))
    var history = ModelHistory.random(using: &random)
    for index in history.arrived.indices { history.arrived[index].sts += Int64(index % 3) }
    let sealed = try Sealed(history, parts: 2, using: &random)
    guard let some = history.events.first else { return }
    let conditions: [Condition] = [
      .compare(PropertyPath(.source), .equal, "edge"),
      .compare(PropertyPath(.sts), .equal, .integer(some.sts)),
      .compare(PropertyPath(.sts), .greater, .double(Double(some.sts) + 0.5)),
      .compare(PropertyPath(.session), .less, "s3"),
      .text(PropertyPath(.device), .matches(try Pattern(.glob, "D?", ignoringCase: true))),
      .text(try PropertyPath("props.a"), .matches(try Pattern(.glob, "*y"))),
      .text(PropertyPath(.session), .matches(try Pattern(.regularExpression, "^s[0-2]$"))),
    ]
    for condition in conditions {
      for condition in [condition, .not(condition)] {
        let scope = Scope(days(-1, 20), filter: try Filter(condition))
        let expected = history.events(in: scope).map(\.id)
        #expect(Set(try Self.passing(EventFilter(scope), sealed)) == Set(expected))
      }
    }
  }

  @Test("what sections do not know by themselves is refused by name")
  func refused() throws {
    for path in ["profile.a", "person", "event_id"] {
      let filter = try Filter(.exists(PropertyPath(path)))
      #expect(throws: QueryError.self) { try EventFilter(Scope(days(0, 1), filter: filter)) }
    }
  }
}
