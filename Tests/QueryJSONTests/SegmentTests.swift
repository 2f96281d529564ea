import Calendar
import JSON
import Query
import Testing

@testable import QueryJSON

@Suite("Saved filters") struct SegmentTests {
  private static let paying: JSONValue = [
    "property": "profile.plan", "op": "in", "value": ["pro", "team"],
  ]
  private static let large: JSONValue = [
    "and": [["property": "props.amount", "op": ">", "value": 100], ["segment": "paying"]]
  ]

  private func filter(_ value: JSONValue, _ saved: [String: JSONValue]) throws -> Filter {
    try FilterForm.filter(value, at: "filter", segments: SegmentBook(saved))
  }

  private func fault(_ value: JSONValue, _ saved: [String: JSONValue]) -> QuestionFault? {
    do {
      _ = try filter(value, saved)
      return nil
    } catch { return error as? QuestionFault }
  }

  /// The name of the last filter of a chain that is as deep as may be, or so much deeper.
  private func last(_ more: Int) -> JSONValue {
    ["segment": .string("\(SegmentBook.maximumNesting + more)")]
  }

  @Test("a name stands for its condition, also inside of saved filters")
  func expansion() throws {
    let saved = ["paying": Self.paying, "large": Self.large]
    #expect(try filter(["segment": "paying"], saved) == filter(Self.paying, [:]))
    let named: JSONValue = ["not": ["or": [["segment": "large"], ["search": "x"]]]]
    let amount: JSONValue = ["property": "props.amount", "op": ">", "value": 100]
    let written: JSONValue = [
      "not": ["or": [["and": [amount, Self.paying]], ["search": "x"]]]
    ]
    #expect(try filter(named, saved) == filter(written, [:]))
  }

  @Test("every filter of a question may name one")
  func everywhere() throws {
    let context = QuestionContext(
      now: noon, zones: ZoneFiles(), segments: SegmentBook(["paying": Self.paying]))
    let text = """
      {"question": "funnel", "filter": {"segment": "paying"},
       "steps": ["a", {"event": "b", "filter": {"segment": "paying"}}]}
      """
    let bytes = Array(text.utf8)
    let read = try AnyQuestion(parsing: bytes.span, in: context)
    guard case .funnel(let funnel) = read else {
      Issue.record("\(read)")
      return
    }
    let paying = try filter(Self.paying, [:])
    #expect(funnel.scope.filter == paying)
    #expect(funnel.steps[1].selector.filter == paying)
    // What is written says what was meant, and needs no name.
    #expect(try AnyQuestion(read.json, in: surroundings()) == read)
  }

  @Test("an unknown name, a circle, too many inside each other: each at the name's place")
  func faults() {
    let unknown = fault(["and": [["segment": "payin"]]], ["paying": Self.paying])
    #expect(unknown?.code == .unknownSegment)
    #expect(unknown?.path == "filter.and[0].segment")
    #expect(unknown?.message.contains("\"paying\"") == true)
    #expect(fault(["segment": "a"], [:])?.code == .unknownSegment)
    let circle = fault(["segment": "a"], ["a": ["segment": "b"], "b": ["segment": "a"]])
    #expect(circle?.code == .unknownSegment)
    #expect(circle?.path == "filter.segment")
    #expect(circle?.message.contains("a, b, a") == true)
    var chain: [String: JSONValue] = ["0": Self.paying]
    for number in 1...SegmentBook.maximumNesting {
      chain["\(number)"] = ["segment": .string("\(number - 1)")]
    }
    #expect(fault(last(-1), chain) == nil)
    #expect(fault(last(0), chain)?.code == .tooMany)
    let broken = fault(["segment": "a"], ["a": ["and": [["property": "nothing", "op": "exists"]]]])
    #expect(broken?.path == "filter.segment")
    #expect(broken?.message.contains("and[0].property") == true)
    #expect(fault(["segment": 1], [:])?.code == .wrongType)
  }

  @Test("saved filters that name others often are no larger than a filter may be")
  func explosion() {
    var saved: [String: JSONValue] = ["0": Self.paying]
    for number in 1..<SegmentBook.maximumNesting {
      saved["\(number)"] = [
        "or": .array(Array(repeating: ["segment": .string("\(number - 1)")], count: 1_000))
      ]
    }
    #expect(fault(last(-1), saved)?.code == .tooMany)
  }
}
