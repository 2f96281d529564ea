import JSON
import Platform
import Query

/// A value of a question's text and where it stands, so that whatever is wrong with it can say so.
struct QuestionNode {
  let value: JSONValue
  let path: String
  /// What conditions in it may name.
  let segments: SegmentBook

  init(_ value: JSONValue, at path: String, _ segments: SegmentBook) {
    self.value = value
    self.path = path
    self.segments = segments
  }

  func fault(_ code: QuestionFault.Code, _ message: String) -> QuestionFault {
    QuestionFault(code, at: path, message)
  }

  /// The object's members, none of which is unknown.
  func fields(_ known: [String]) throws(QuestionFault) -> QuestionFields {
    guard case .object(let members) = value else {
      throw fault(.wrongType, "has to be an object")
    }
    for member in members where !known.contains(member.key) {
      let key = String(member.key.prefix(80))
      let hint =
        Suggestion.nearest(to: key, among: known).map { "is \"\($0)\" meant?" }
        ?? "known are \(known.joined(separator: ", "))"
      throw QuestionFault(.unknownKey, at: place(of: key), "is not known here; \(hint)")
    }
    return QuestionFields(node: self, members: members)
  }

  func place(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Has the object this key, whatever else it has?
  func has(_ key: String) -> Bool { value[key] != nil }

  func text() throws(QuestionFault) -> String {
    guard let text = value.string else { throw fault(.wrongType, "has to be a text") }
    return text
  }

  func flag() throws(QuestionFault) -> Bool {
    guard let flag = value.bool else { throw fault(.wrongType, "has to be true or false") }
    return flag
  }

  func number() throws(QuestionFault) -> Double {
    guard let number = value.double else { throw fault(.wrongType, "has to be a number") }
    return number
  }

  func whole(in bounds: ClosedRange<Int>) throws(QuestionFault) -> Int {
    guard let number = value.integer else {
      throw fault(.wrongType, "has to be a whole number")
    }
    guard let number = Int(exactly: number), bounds.contains(number) else {
      throw fault(.outOfBounds, "has to be from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return number
  }

  func elements(atMost limit: Int) throws(QuestionFault) -> [QuestionNode] {
    guard let elements = value.array else { throw fault(.wrongType, "has to be a list") }
    guard elements.count <= limit else {
      throw fault(.tooMany, "has more than \(limit) entries")
    }
    return elements.enumerated().map { QuestionNode($1, at: "\(path)[\($0)]", segments) }
  }

  /// One text, or a list of them that is not empty.
  func texts(atMost limit: Int) throws(QuestionFault) -> [String] {
    if let text = value.string { return [text] }
    guard value.array != nil else {
      throw fault(.wrongType, "has to be a text or a list of texts")
    }
    var texts: [String] = []
    for element in try elements(atMost: limit) { texts.append(try element.text()) }
    guard !texts.isEmpty else { throw fault(.outOfBounds, "is an empty list: leave it out") }
    return texts
  }

  /// One of the words that may stand here.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ type: Choice.Type
  ) throws(QuestionFault) -> Choice {
    let words = Choice.allCases.map(\.rawValue)
    guard let word = value.string else {
      throw fault(.wrongType, "has to be one of \(words.joined(separator: ", "))")
    }
    guard let choice = Choice(rawValue: word) else { throw unknown(word, among: words) }
    return choice
  }

  func unknown(_ word: String, among words: [String]) -> QuestionFault {
    let hint =
      Suggestion.nearest(to: word, among: words).map { "is \"\($0)\" meant?" }
      ?? (words.isEmpty
        ? "there are none" : "it has to be one of \(words.prefix(100).joined(separator: ", "))")
    return fault(.unknownValue, "\"\(word.prefix(80))\" is not known here; \(hint)")
  }

  /// What `Query` makes of it; its problem is at this place.
  func checked<Made>(
    _ make: () throws(QuestionProblem) -> Made
  ) throws(QuestionFault) -> Made {
    do { return try make() } catch {
      switch error {
      case .tooMany: throw fault(.tooMany, error.description)
      case .outOfBounds: throw fault(.outOfBounds, error.description)
      case .path, .operand, .formula, .contradiction:
        throw fault(.invalidQuestion, error.description)
      }
    }
  }

  func propertyPath() throws(QuestionFault) -> PropertyPath {
    let text = try text()
    return try checked { () throws(QuestionProblem) in try PropertyPath(text) }
  }
}

/// The members of an object. A member that is null counts as left out, as forms send what was not
/// filled in.
struct QuestionFields {
  let node: QuestionNode
  fileprivate let members: [JSONMember]

  subscript(key: String) -> QuestionNode? {
    guard let value = node.value[key] else { return nil }
    if case .null = value { return nil }
    return QuestionNode(value, at: node.place(of: key), node.segments)
  }

  /// The member, null included.
  func present(_ key: String) -> QuestionNode? {
    node.value[key].map { QuestionNode($0, at: node.place(of: key), node.segments) }
  }

  func required(_ key: String) throws(QuestionFault) -> QuestionNode {
    guard let found = self[key] else {
      throw QuestionFault(.missingKey, at: node.place(of: key), "is missing")
    }
    return found
  }

  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String, or standard: Choice
  ) throws(QuestionFault) -> Choice {
    try self[key]?.choice(Choice.self) ?? standard
  }

  func whole(
    _ key: String, in bounds: ClosedRange<Int>, or standard: Int
  ) throws(QuestionFault) -> Int {
    try self[key]?.whole(in: bounds) ?? standard
  }

  func flag(_ key: String, or standard: Bool) throws(QuestionFault) -> Bool {
    try self[key]?.flag() ?? standard
  }

  func milliseconds(_ key: String, or standard: Int64) throws(QuestionFault) -> Int64 {
    try self[key]?.milliseconds() ?? standard
  }
}
