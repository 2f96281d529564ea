package import JSON

/// A project's saved filters: conditions under names, for `{"segment": "paying"}` in other conditions
/// and in each other.
///
/// A name stands for what its condition says when the question is read. It may be about the event
/// ("purchases of more than 100") or about its person (`profile.plan`).
package struct SegmentBook: Sendable {
  /// So many inside each other.
  package static let maximumNesting = 8
  package static let none = SegmentBook([:])

  private let conditions: [[UInt8]: JSONValue]
  private let names: [String]
  /// Those that are being read, the outermost first.
  private var open: [String] = []

  /// Names are the same where their bytes are.
  package init(_ conditions: [String: JSONValue]) {
    self.conditions = Dictionary(
      conditions.map { (Array($0.key.utf8), $0.value) }, uniquingKeysWith: { first, _ in first })
    names = conditions.keys.sorted()
  }

  /// The condition under a name, as a node whose own names are looked up in here as well.
  func condition(named node: QuestionNode) throws(QuestionFault) -> QuestionNode {
    let name = try node.text()
    guard let condition = conditions[Array(name.utf8)] else {
      throw QuestionFault(.unknownSegment, at: node.path, node.unknown(name, among: names).message)
    }
    guard !open.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
      throw node.fault(
        .unknownSegment, "saved filters name each other: " + (open + [name]).joined(separator: ", ")
      )
    }
    guard open.count < Self.maximumNesting else {
      throw node.fault(.tooMany, "more than \(Self.maximumNesting) saved filters inside each other")
    }
    var inside = self
    inside.open.append(name)
    return QuestionNode(condition, at: "", inside)
  }
}
