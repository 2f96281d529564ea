import JSON
import Query

/// An object that is being written, key by key; what is left to its default is left out.
struct ObjectForm {
  private var members: [JSONMember] = []

  init() {}

  init(question word: QuestionWord, _ scope: Scope) {
    self["question"] = .string(word.rawValue)
    ScopeForm.write(scope, to: &self)
  }

  var value: JSONValue { .object(members) }
  var isEmpty: Bool { members.isEmpty }

  /// Keys are written once each, in the order of the questions' descriptions.
  subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set { if let newValue { members.append(JSONMember(key, newValue)) } }
  }

  mutating func set(_ key: String, _ number: Int, unless standard: Int? = nil) {
    if number != standard { self[key] = .integer(Int64(number)) }
  }

  mutating func set(_ key: String, _ flag: Bool, unless standard: Bool) {
    if flag != standard { self[key] = .bool(flag) }
  }

  mutating func set<Choice: RawRepresentable<String> & Equatable>(
    _ key: String, _ choice: Choice, unless standard: Choice? = nil
  ) {
    if choice != standard { self[key] = .string(choice.rawValue) }
  }

  mutating func set(_ key: String, milliseconds: Int64, unless standard: Int64) {
    if milliseconds != standard {
      self[key] = .string(DurationText.text(ofMilliseconds: milliseconds))
    }
  }
}
