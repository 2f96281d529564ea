import Calendar
import Events
package import Query
import Sections

/// Which events a part of a question means: those of its scope that its selector names. Compiled once
/// for a question; each section is then asked in its own terms (`BlockFilter`).
package final class EventFilter: Sendable {
  /// Half open, ms.
  package let times: Range<Int64>
  let kinds: EventKinds
  /// None: all.
  let names: [String]
  let test: FilterTest
  let verdicts = LexiconVerdicts()

  /// Whether heads and times say all.
  package var isPlain: Bool { test == .everything }

  /// `times`: where the filter looks beyond the scope's range; `profiles`: what attributes of people
  /// are looked up in, of which nothing can be asked without.
  package init(
    _ scope: Scope, _ selector: EventSelector = .everything, times: Range<Int64>? = nil,
    profiles: ProfileSource? = nil
  ) throws(QueryError) {
    self.times =
      times ?? scope.range.lowerBound.milliseconds..<scope.range.upperBound.milliseconds
    kinds = scope.kinds
    names = selector.names
    var compiler = FilterCompiler(profiles: profiles)
    let parts = [scope.filter, selector.filter].filter { $0 != .everything }
    var tests: [FilterTest] = []
    for part in parts { tests.append(try compiler.test(part.condition.normalized)) }
    test = .all(tests).simplified
  }

  /// The same events, at other times.
  init(_ other: EventFilter, times: Range<Int64>) {
    self.times = times
    kinds = other.kinds
    names = other.names
    test = other.test
  }

  /// Whether an event with this head may be meant.
  func names(_ head: EventHead) -> Bool {
    kinds.holds(head.kind)
      && (names.isEmpty || names.contains { $0.utf8.elementsEqual(head.name.utf8) })
  }
}

/// A condition in its normal form, with every path found its place.
indirect enum FilterTest: Sendable {
  case everything, nothing
  case all([FilterTest])
  case any([FilterTest])
  /// The number tells the leaf from all others.
  case props(Int, [String], ValueTest)
  case ctx(Int, [String], ValueTest)
  case head(HeadField, ValueTest)
  case identity(Int, Identity, ValueTest)
  case time(ValueTest)
  case receipt(ValueTest)
  case source(ValueTest)
  case profile(ProfileTest)
  case search(Int, TextMatch, isNot: Bool)

  enum HeadField: Sendable { case name, kind, interactive }

  static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.everything, .everything), (.nothing, .nothing): true
    default: false
    }
  }

  var simplified: FilterTest {
    switch self {
    case .all(let parts):
      let parts = parts.map(\.simplified).filter { !($0 == .everything) }
      if parts.contains(where: { $0 == .nothing }) { return .nothing }
      return parts.isEmpty ? .everything : (parts.count == 1 ? parts[0] : .all(parts))
    case .any(let parts):
      let parts = parts.map(\.simplified).filter { !($0 == .nothing) }
      if parts.contains(where: { $0 == .everything }) { return .everything }
      return parts.isEmpty ? .nothing : (parts.count == 1 ? parts[0] : .any(parts))
    default: return self
    }
  }
}

private struct FilterCompiler {
  let profiles: ProfileSource?
  private var leaves = 0

  init(profiles: ProfileSource?) { self.profiles = profiles }

  mutating func test(_ condition: Condition) throws(QueryError) -> FilterTest {
    switch condition {
    case .all(let parts): return .all(try tests(parts))
    case .any(let parts): return .any(try tests(parts))
    case .compare(let path, let comparator, let operand):
      return try leaf(path, .compare(comparator, operand))
    case .isIn(let path, let operands): return try leaf(path, .isIn(operands, isNot: false))
    case .text(let path, let test): return try leaf(path, try .text(test, isNot: false))
    case .exists(let path): return try leaf(path, .exists)
    case .search(let test): return try search(test, isNot: false)
    case .not(let part):
      // In the normal form what is negated is a test without an opposite.
      switch part {
      case .isIn(let path, let operands): return try leaf(path, .isIn(operands, isNot: true))
      case .text(let path, let test): return try leaf(path, try .text(test, isNot: true))
      case .exists(let path): return try leaf(path, .isAbsent)
      case .search(let test): return try search(test, isNot: true)
      default: return try self.test(Condition.not(part).normalized)
      }
    }
  }

  private mutating func tests(_ parts: [Condition]) throws(QueryError) -> [FilterTest] {
    var tests: [FilterTest] = []
    for part in parts { tests.append(try test(part)) }
    return tests
  }

  private mutating func number() -> Int {
    leaves += 1
    return leaves - 1
  }

  private mutating func search(_ test: TextTest, isNot: Bool) throws(QueryError) -> FilterTest {
    .search(number(), try TextMatch(test, isNot: false), isNot: isNot)
  }

  fileprivate mutating func leaf(
    _ path: PropertyPath, _ test: ValueTest
  ) throws(QueryError) -> FilterTest {
    switch path.place {
    case .key(.props, let keys): return .props(number(), keys, test)
    case .key(.ctx, let keys): return .ctx(number(), keys, test)
    case .key(.any, let keys):
      // What `ctx` has, and where it has nothing what `props` has.
      return .any([
        .all([.ctx(number(), keys, .exists), .ctx(number(), keys, test)]),
        .all([.ctx(number(), keys, .isAbsent), .props(number(), keys, test)]),
      ])
    case .visit(let part): return try visit(part, test)
    case .key(.profile, let keys):
      guard let profiles else { throw .unanswered(path) }
      return .profile(ProfileTest(test, of: keys, profiles))
    case .field(let field):
      switch field {
      case .name: return .head(.name, test)
      case .kind: return .head(.kind, test)
      case .interactive: return .head(.interactive, test)
      case .cts: return .time(test)
      case .sts: return .receipt(test)
      case .source: return .source(test)
      case .profile: return .identity(number(), .profile, test)
      case .device: return .identity(number(), .device, test)
      case .visitor: return .identity(number(), .visitor, test)
      case .session: return .identity(number(), .session, test)
      case .id, .person: throw .unanswered(path)
      }
    }
  }
}

extension FilterCompiler {
  /// What the client said, and where it said nothing what its user agent or its referrer tells.
  fileprivate mutating func visit(
    _ part: VisitPart, _ test: ValueTest
  ) throws(QueryError) -> FilterTest {
    let said = try path(.any, part.rawValue)
    let source =
      switch part.source {
      case .userAgent: try path(.ctx, VisitPart.userAgentKey)
      case .referrer: try path(.any, VisitPart.referrerKey)
      }
    return .any([
      .all([try leaf(said, .exists), try leaf(said, test)]),
      .all([try leaf(said, .isAbsent), try leaf(source, test.ofVisit(part))]),
    ])
  }

  private func path(_ root: PropertyPath.Root, _ key: String) throws(QueryError) -> PropertyPath {
    do { return try PropertyPath(root, [key]) } catch { throw .invalid(error) }
  }
}

extension QueryError {
  /// A property that sections do not know of by themselves.
  static func unanswered(_ path: PropertyPath) -> QueryError {
    .invalid(.operand("\(path): this property is not answered yet"))
  }
}
