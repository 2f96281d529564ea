import Events
package import JSON
package import Query

/// How small and how mixed a random history is.
package struct ModelMix: Sendable {
  package var events = 0...60
  package var people = 6
  /// The first time, ms.
  package var start: Int64 = 1_767_571_200_000
  /// Over how long.
  package var days: Int64 = 12
  package var names = ["view", "click", "buy", "é", "e\u{301}"]

  package init() {}
}

extension ModelHistory {
  /// A small history with everything in it that makes counting hard: equal times, ids that come
  /// twice, late events, events of nobody, people under several ids, values of mixed kinds, null
  /// beside absent beside empty.
  package static func random(
    _ mix: ModelMix = ModelMix(), using random: inout some RandomNumberGenerator
  ) -> ModelHistory {
    var events: [ModelEvent] = []
    for _ in 0..<Int.random(in: mix.events, using: &random) {
      events.append(event(mix, after: events.last, &random))
    }
    for event in events where chance(of: 0.1, &random) {
      var copy = event
      copy.props = ["changed": true]
      events.insert(copy, at: Int.random(in: 0...events.count, using: &random))
    }
    return ModelHistory(
      events, joins: joins(mix, &random), profiles: profiles(mix, &random))
  }

  private static func event(
    _ mix: ModelMix, after last: ModelEvent?, _ random: inout some RandomNumberGenerator
  ) -> ModelEvent {
    let time =
      if let last, chance(of: 0.3, &random) {
        last.cts
      } else if let last, chance(of: 0.4, &random) {
        last.cts + Int64.random(in: -4_000_000...4_000_000, using: &random)
      } else {
        mix.start + Int64.random(in: 0..<mix.days * 86_400_000, using: &random)
      }
    let kind: EventKind =
      chance(of: 0.2, &random)
      ? (chance(of: 0.5, &random) ? .identify : .profile)
      : [.custom, .page, .screen, .engagement].randomElement(using: &random) ?? .custom
    return ModelEvent(
      id: EventID(milliseconds: time, chance: (random.next(), random.next())),
      name: mix.names.randomElement(using: &random) ?? "view", kind: kind,
      isInteractive: chance(of: 0.8, &random), cts: time,
      profile: id("p", mix, 0.5, &random), device: id("d", mix, 0.5, &random),
      session: id("s", mix, 0.5, &random), visitor: id("v", mix, 0.3, &random),
      props: kind.isOperation ? operation(&random) : object(&random), ctx: object(&random),
      source: chance(of: 0.5, &random) ? "direct" : "edge")
  }

  private static func id(
    _ letter: String, _ mix: ModelMix, _ part: Double, _ random: inout some RandomNumberGenerator
  ) -> String? {
    chance(of: part, &random)
      ? letter + String(Int.random(in: 0..<mix.people, using: &random)) : nil
  }

  /// What an operation on a profile says; now and then nothing that anybody knows.
  package static func operation(_ random: inout some RandomNumberGenerator) -> JSONValue {
    let names = [
      "set", "set", "set_once", "increment", "append", "prepend", "insert", "remove", "unset",
      "clear", "group",
    ]
    let name = names.randomElement(using: &random) ?? "set"
    return ["op": .string(name), "values": object(&random)]
  }

  private static func object(_ random: inout some RandomNumberGenerator) -> JSONValue {
    var members: [JSONMember] = []
    for key in ["a", "b", "path"] where chance(of: 0.7, &random) {
      members.append(JSONMember(key, value(&random)))
    }
    if chance(of: 0.3, &random) { members.append(JSONMember("in", ["x": value(&random)])) }
    for (key, texts) in [("user_agent", agents), ("referrer", referrers), ("browser", ["", "X"])]
    where chance(of: 0.3, &random) {
      let text = JSONValue.string(texts.randomElement(using: &random) ?? "")
      members.append(JSONMember(key, chance(of: 0.8, &random) ? text : value(&random)))
    }
    return .object(members)
  }

  private static let agents = [
    """
    Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/120.0.0.0 Safari/537.36
    """,
    """
    Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like \
    Gecko) Version/17.1 Mobile/15E148 Safari/604.1
    """,
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "curl/8.5.0", "x",
  ]
  private static let referrers = [
    "https://www.Example.org/x?y#z", "http://user:pw@example.org:8080", "//xy.example", "x", "",
    "android-app://com.example", "https://", "https://é.example/",
  ]

  package static func value(_ random: inout some RandomNumberGenerator) -> JSONValue {
    let values: [JSONValue] = [
      nil, "", "x", "X", "xy", "é", "e\u{301}", 0, 1, 1.0, -0.0, 2.5, -3, 9_007_199_254_740_993,
      9_007_199_254_740_992.0, true, false, ["x", 1], ["x": "xy"],
    ]
    return values.randomElement(using: &random) ?? nil
  }

  /// Devices and visitors that became profiles, and profiles that became others: always one of a
  /// smaller number, so that nobody goes round in a circle.
  private static func joins(
    _ mix: ModelMix, _ random: inout some RandomNumberGenerator
  ) -> [PersonID: PersonID] {
    var joins: [PersonID: PersonID] = [:]
    for number in 0..<mix.people {
      for letter in ["d", "v"] where chance(of: 0.3, &random) {
        let target = Int.random(in: 0..<mix.people, using: &random)
        joins[PersonID(letter == "d" ? .device : .visitor, letter + String(number))] =
          .profile("p" + String(target))
      }
      if number > 0, chance(of: 0.2, &random) {
        let target = Int.random(in: 0..<number, using: &random)
        joins[.profile("p" + String(number))] = .profile("p" + String(target))
      }
    }
    return joins
  }

  private static func profiles(
    _ mix: ModelMix, _ random: inout some RandomNumberGenerator
  ) -> [PersonID: [ModelProfile]] {
    var profiles: [PersonID: [ModelProfile]] = [:]
    for number in 0..<mix.people where chance(of: 0.6, &random) {
      let change = mix.start + Int64.random(in: 0..<mix.days * 86_400_000, using: &random)
      profiles[.profile("p" + String(number))] = [
        ModelProfile(object(&random)), ModelProfile(from: change, object(&random)),
      ]
    }
    return profiles
  }

  private static func chance(
    of part: Double, _ random: inout some RandomNumberGenerator
  ) -> Bool { Double.random(in: 0..<1, using: &random) < part }
}

extension Condition {
  /// A condition over the properties that random histories have, no deeper than so many levels.
  package static func random(
    depth: Int, using random: inout some RandomNumberGenerator
  ) -> Condition {
    let choice = Int.random(in: 0..<(depth > 1 ? 9 : 6), using: &random)
    func part(_ random: inout some RandomNumberGenerator) -> Condition {
      .random(depth: depth - 1, using: &random)
    }
    switch choice {
    case 6: return .not(part(&random))
    case 7: return .all([part(&random), part(&random)])
    case 8: return .any([part(&random), part(&random)])
    default: return leaf(choice, &random)
    }
  }

  private static func leaf(
    _ choice: Int, _ random: inout some RandomNumberGenerator
  ) -> Condition {
    let texts = [
      "props.a", "props.b", "props.in.x", "ctx.a", "any.path", "profile.a", "name", "kind",
      "interactive", "profile_id", "person", "event_id", "cts", "visit.browser", "visit.os_version",
      "visit.referrer_host",
    ]
    let path = (try? PropertyPath(texts.randomElement(using: &random) ?? "name")) ?? .init(.name)
    let tests: [TextTest] = [.contains("x"), .hasPrefix("e"), .hasSuffix("y"), .contains("")]
    let test =
      Bool.random(using: &random)
      ? tests.randomElement(using: &random) ?? .contains("") : .matches(pattern(&random))
    switch choice {
    case 0: return .exists(path)
    case 1: return .text(path, test)
    case 2: return .search(test)
    case 3: return .isIn(path, [operand(&random), operand(&random)])
    default:
      let comparator = Comparator.allCases.randomElement(using: &random) ?? .equal
      let operand = operand(&random)
      let isOrdered = operand.number != nil || operand.text != nil
      return .compare(path, comparator.needsOrder && !isOrdered ? .equal : comparator, operand)
    }
  }

  /// Patterns that some of the texts of random histories fit.
  private static func pattern(_ random: inout some RandomNumberGenerator) -> Pattern {
    let texts: [(Pattern.Syntax, String)] = [
      (.glob, "*"), (.glob, "?"), (.glob, "*y"), (.glob, "[a-x]*"), (.glob, "[!e]*"),
      (.glob, "V*"), (.glob, "p[0-2]"), (.regularExpression, "^.$"), (.regularExpression, "x|y"),
      (.regularExpression, "^(v|E)i?"), (.regularExpression, "e.+k*"), (.regularExpression, "\\d$"),
      (.regularExpression, "^$"), (.regularExpression, "[^x]{2,3}$"),
    ]
    let (syntax, text) = texts.randomElement(using: &random) ?? (.glob, "*")
    // Swift's classes that ignore case know fewer pairs.
    let ignoresCase = Bool.random(using: &random) && !text.contains("[")
    do { return try Pattern(syntax, text, ignoringCase: ignoresCase) } catch {
      fatalError("\(error)")
    }
  }

  /// A scalar that is not null.
  private static func operand(_ random: inout some RandomNumberGenerator) -> Value {
    while true {
      if let value = Value(ModelHistory.value(&random)), !value.isNull { return value }
    }
  }
}
