import Events
import JSON
import QueryModel
import Testing

@testable import Query

@Suite("Conditions") struct ConditionTests {
  private static let truths: [Truth] = [.no, .unknown, .yes]

  private func truth(
    _ condition: Condition, _ props: JSONValue, ctx: JSONValue = [:]
  ) -> Truth {
    var story = Story()
    story.add("buy", at: 0, by: "p1", props, ctx: ctx)
    return story.history.truth(of: condition, for: story.history.arrived[0])
  }

  @Test("and, or and not are Kleene's")
  func tables() {
    #expect(Self.truths.map { !$0 } == [.yes, .unknown, .no])
    let and = Self.truths.map { left in Self.truths.map { left && $0 } }
    #expect(and == [[.no, .no, .no], [.no, .unknown, .unknown], [.no, .unknown, .yes]])
    let or = Self.truths.map { left in Self.truths.map { left || $0 } }
    #expect(or == [[.no, .unknown, .yes], [.unknown, .unknown, .yes], [.yes, .yes, .yes]])
    #expect(truth(.all([]), [:]) == .yes)
    #expect(truth(.any([]), [:]) == .no)
  }

  @Test("nothing compares with a value that is not there, whether it is absent or null")
  func missing() throws {
    let path = try PropertyPath("props.plan")
    for props: JSONValue in [[:], ["plan": nil], ["plan": nil, "b": 1]] {
      for comparator in Comparator.allCases {
        #expect(truth(.compare(path, comparator, "pro"), props) == .unknown)
        #expect(truth(.not(.compare(path, comparator, "pro")), props) == .unknown)
      }
      #expect(truth(.isIn(path, ["pro"]), props) == .unknown)
      #expect(truth(.text(path, .contains("")), props) == .unknown)
      #expect(truth(.exists(path), props) == .no)
      #expect(truth(.not(.exists(path)), props) == .yes)
    }
  }

  @Test("a value of another kind is another value, and comes neither before nor after")
  func kinds() throws {
    let path = try PropertyPath("props.a")
    for value: JSONValue in ["20", true, ["x": 1], [20]] {
      let props: JSONValue = ["a": value]
      #expect(truth(.compare(path, .equal, 20), props) == .no)
      #expect(truth(.compare(path, .unequal, 20), props) == .yes)
      #expect(truth(.isIn(path, [20]), props) == .no)
      #expect(truth(.compare(path, .less, 20), props) == .unknown)
      #expect(truth(.not(.compare(path, .less, 20)), props) == .unknown)
      #expect(truth(.exists(path), props) == .yes)
    }
    #expect(truth(.text(path, .contains("2")), ["a": 20]) == .unknown)
  }

  @Test("comparisons say what they say")
  func comparisons() throws {
    let path = try PropertyPath("props.a")
    func holding(_ value: JSONValue, _ operand: Value) -> [Comparator] {
      Comparator.allCases.filter { truth(.compare(path, $0, operand), ["a": value]) == .yes }
    }
    #expect(holding(19, 20) == [.unequal, .less, .lessOrEqual])
    #expect(holding(20, 20.0) == [.equal, .lessOrEqual, .greaterOrEqual])
    #expect(holding(20.5, 20) == [.unequal, .greater, .greaterOrEqual])
    #expect(holding("b", "a") == [.unequal, .greater, .greaterOrEqual])
    #expect(holding(true, true) == [.equal])
  }

  @Test("texts are tested by their bytes")
  func texts() throws {
    let path = try PropertyPath("props.a")
    func passing(_ tests: [TextTest], _ text: String) -> [Bool] {
      tests.map { truth(.text(path, $0), ["a": .string(text)]) == .yes }
    }
    let tests: [TextTest] = [
      .contains("ck"), .contains(""), .hasPrefix("che"), .hasSuffix("out"), .contains("CK"),
      .matches(try Pattern(.glob, "ch*o?t")), .matches(try Pattern(.glob, "check")),
      .matches(try Pattern(.regularExpression, "k.*t$")),
      .matches(try Pattern(.glob, "CHECK*", ignoringCase: true)),
    ]
    #expect(
      passing(tests, "checkout")
        == [true, true, true, true, false, true, false, true, true])
    #expect(passing([.contains("e")], "é") == [false])
    #expect(passing([.contains("e")], "e\u{301}") == [true])
    #expect(
      passing([.contains("ab"), .hasPrefix("ab"), .hasSuffix("ab")], "b") == [false, false, false])
  }

  @Test("a search looks at every text among the values of props, and at nothing else")
  func search() {
    let search = Condition.search(.contains("checkout"))
    #expect(truth(search, ["a": "my checkout"]) == .yes)
    #expect(truth(search, ["a": ["b": [1, "checkout"]]]) == .yes)
    #expect(truth(search, ["checkout": "a"]) == .no)
    #expect(truth(search, ["a": "Checkout"]) == .no)
    #expect(truth(search, [:], ctx: ["a": "checkout"]) == .no)
  }

  @Test("paths find fields, keys within keys, and what intake filled before what the client sent")
  func paths() throws {
    var story = Story()
    story.add(
      "buy", at: 1, by: "p1", kind: .page, ["path": "/own", "in": ["x": 1]],
      ctx: ["path": "/filled", "url": nil])
    story.add("buy", at: 2, device: "d1", ["path": "/own", "url": "u"], ctx: ["url": nil])
    story.join(.device("d1"), to: .profile("p1"))
    story.describe("p1", ["plan": "free"])
    story.describe("p1", from: monday + 2 * hour, ["plan": "pro"])
    let history = story.history
    func values(_ text: String, _ time: ProfileTime = .current) throws -> [JSONValue?] {
      try history.arrived.map { history.value(at: try PropertyPath(text), of: $0, time) }
    }
    #expect(try values("name") == ["buy", "buy"])
    #expect(try values("kind") == ["page", "custom"])
    #expect(try values("interactive") == [true, true])
    #expect(try values("profile_id") == ["p1", nil])
    #expect(try values("device_id") == [nil, "d1"])
    #expect(try values("person") == ["p1", "p1"])
    #expect(try values("cts") == [.integer(monday + hour), .integer(monday + 2 * hour)])
    #expect(try values("source") == ["direct", "direct"])
    #expect(try values("props.in.x") == [1, nil])
    #expect(try values("props.in") == [["x": 1], nil])
    #expect(try values("any.path") == ["/filled", "/own"])
    #expect(try values("any.url") == [nil, "u"])
    #expect(try values("profile.plan") == ["pro", "pro"])
    #expect(try values("profile.plan", .event) == ["free", "pro"])
  }

  @Test(
    "moving negations down changes no answer, and needs no third truth", arguments: UInt64(0)..<200)
  func normalized(seed: UInt64) {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    for _ in 0..<10 {
      let condition = Condition.random(depth: 4, using: &random)
      let normalized = condition.normalized
      for event in history.arrived {
        let truth = history.truth(of: condition, for: event)
        #expect(history.truth(of: normalized, for: event) == truth, "\(condition)")
        #expect(history.truth(of: Condition.not(condition).normalized, for: event) == !truth)
        #expect(isSo(normalized, history, event) == (truth == .yes), "\(normalized)")
      }
    }
  }

  /// A normal form by yes and no alone; only its leaves are asked, and they may stand negated.
  private func isSo(_ condition: Condition, _ history: ModelHistory, _ event: ModelEvent) -> Bool {
    switch condition {
    case .all(let parts): parts.allSatisfy { isSo($0, history, event) }
    case .any(let parts): parts.contains { isSo($0, history, event) }
    default: history.truth(of: condition, for: event) == .yes
    }
  }
}
