package import JSON
package import Query

/// A condition is one of `{"and": […]}`, `{"or": […]}`, `{"not": …}`, `{"search": …}`,
/// `{"segment": "paying"}` for a saved one, or a statement about a property: `{"property": "props.plan", "op": "=", "value": "pro"}`. A list is short for
/// `and`.
package enum FilterForm {
  private static let joining = ["and", "or", "not", "search", "segment"]
  private static let leafKeys = ["property", "op", "value", "ignore_case"]
  private static let keys = joining + leafKeys

  /// What may be said of a property, beside comparing it.
  private enum Word: String, CaseIterable {
    case `in`, contains, prefix, suffix, regex, glob, exists
  }
  private static let words =
    Comparator.allCases.map(\.rawValue) + Word.allCases.map(\.rawValue)

  package static func filter(
    _ value: JSONValue, at path: String = "", segments: SegmentBook = .none
  ) throws(QuestionFault) -> Filter {
    try read(QuestionNode(value, at: path, segments))
  }

  static func read(_ node: QuestionNode) throws(QuestionFault) -> Filter {
    var count = 0
    let condition = try condition(node, 1, &count)
    return try node.checked { () throws(QuestionProblem) in try Filter(condition) }
  }

  /// `count`: conditions so far, those of saved filters included, for these may name others often.
  private static func condition(
    _ node: QuestionNode, _ depth: Int, _ count: inout Int
  ) throws(QuestionFault) -> Condition {
    count += 1
    guard count <= Filter.maximumSize else {
      throw node.fault(.tooMany, "more than \(Filter.maximumSize) conditions in a filter")
    }
    guard depth <= Filter.maximumDepth else {
      throw node.fault(
        .tooMany, "more than \(Filter.maximumDepth) conditions inside each other")
    }
    if node.value.array != nil { return .all(try conditions(node, depth, &count)) }
    let fields = try node.fields(keys)
    let named = keys.filter(node.has)
    guard let key = named.first(where: joining.contains) else { return try leaf(fields) }
    guard named.count == 1, let inner = fields[key] else {
      throw node.fault(.invalidQuestion, "\"\(key)\" stands alone, with something in it")
    }
    switch key {
    case "and": return .all(try conditions(inner, depth, &count))
    case "or": return .any(try conditions(inner, depth, &count))
    case "not": return .not(try condition(inner, depth + 1, &count))
    case "segment": return try segment(inner, depth, &count)
    default: return .search(try search(inner))
    }
  }

  /// What is wrong inside is wrong with the name, as far as this question goes.
  private static func segment(
    _ node: QuestionNode, _ depth: Int, _ count: inout Int
  ) throws(QuestionFault) -> Condition {
    let saved = try node.segments.condition(named: node)
    do throws(QuestionFault) {
      return try condition(saved, depth, &count)
    } catch {
      throw node.fault(error.code, "in the saved filter \(node.value): \(error)")
    }
  }

  private static func conditions(
    _ node: QuestionNode, _ depth: Int, _ count: inout Int
  ) throws(QuestionFault) -> [Condition] {
    var conditions: [Condition] = []
    for element in try node.elements(atMost: Filter.maximumSize) {
      conditions.append(try condition(element, depth + 1, &count))
    }
    return conditions
  }

  // MARK: Statements

  private static func leaf(_ fields: QuestionFields) throws(QuestionFault) -> Condition {
    let path = try fields.required("property").propertyPath()
    let op = try fields.required("op")
    let word = try op.text()
    let made: Condition
    if let comparator = Comparator(rawValue: word) {
      made = .compare(path, comparator, try scalar(try operand(fields, word)))
    } else {
      guard let known = Word(rawValue: word) else { throw op.unknown(word, among: words) }
      switch known {
      case .exists:
        if let value = fields["value"] { throw value.fault(.unknownKey, "exists takes no value") }
        made = .exists(path)
      case .in: made = try isIn(path, try operand(fields, word))
      case .contains, .prefix, .suffix, .regex, .glob: made = .text(path, try test(fields, known))
      }
    }
    if Word(rawValue: word) != .regex, Word(rawValue: word) != .glob,
      let flag = fields["ignore_case"]
    {
      throw flag.fault(.unknownKey, "goes with regex and glob only")
    }
    // Each alone, so that what is wrong with an operand is said at its place.
    let place = fields["value"] ?? fields.node
    _ = try place.checked { () throws(QuestionProblem) in try Filter(made) }
    return made
  }

  private static func operand(
    _ fields: QuestionFields, _ word: String
  ) throws(QuestionFault) -> QuestionNode {
    guard let node = fields.present("value") else {
      throw QuestionFault(
        .missingKey, at: fields.node.place(of: "value"), "is missing: \"\(word)\" takes a value")
    }
    return node
  }

  private static func scalar(_ node: QuestionNode) throws(QuestionFault) -> Value {
    guard let value = Value(node.value) else {
      throw node.fault(.wrongType, "has to be a text, a number, true or false")
    }
    if value.isNull {
      throw node.fault(.invalidQuestion, "null equals nothing: ask whether the value exists")
    }
    return value
  }

  private static func isIn(
    _ path: PropertyPath, _ node: QuestionNode
  ) throws(QuestionFault) -> Condition {
    var values: [Value] = []
    for element in try node.elements(atMost: Filter.maximumSize) {
      values.append(try scalar(element))
    }
    return .isIn(path, values)
  }

  // MARK: Texts

  private static func test(
    _ fields: QuestionFields, _ word: Word
  ) throws(QuestionFault) -> TextTest {
    let node = try operand(fields, word.rawValue)
    let text = try node.text()
    let ignoresCase = try fields.flag("ignore_case", or: false)
    switch word {
    case .contains: return .contains(text)
    case .prefix: return .hasPrefix(text)
    case .suffix: return .hasSuffix(text)
    case .regex, .glob, .in, .exists:
      let syntax: Pattern.Syntax = word == .glob ? .glob : .regularExpression
      return .matches(
        try node.checked { () throws(QuestionProblem) in
          try Pattern(syntax, text, ignoringCase: ignoresCase)
        })
    }
  }

  /// A text is short for whatever contains it.
  private static func search(_ node: QuestionNode) throws(QuestionFault) -> TextTest {
    if let text = node.value.string { return .contains(text) }
    let fields = try node.fields(["op", "value", "ignore_case"])
    let op = try fields.required("op")
    let tests: [Word] = [.contains, .prefix, .suffix, .regex, .glob]
    let word = try op.text()
    guard let known = tests.first(where: { $0.rawValue == word }) else {
      throw op.unknown(word, among: tests.map(\.rawValue))
    }
    if known != .regex, known != .glob, let flag = fields["ignore_case"] {
      throw flag.fault(.unknownKey, "goes with regex and glob only")
    }
    return try test(fields, known)
  }
}

extension FilterForm {
  package static func value(of filter: Filter) -> JSONValue { value(of: filter.condition) }

  private static func value(of condition: Condition) -> JSONValue {
    switch condition {
    case .all(let parts): ["and": .array(parts.map(value))]
    case .any(let parts): ["or": .array(parts.map(value))]
    case .not(let part): ["not": value(of: part)]
    case .compare(let path, let comparator, let operand):
      [
        "property": .string(path.description), "op": .string(comparator.rawValue),
        "value": operand.json,
      ]
    case .isIn(let path, let values):
      [
        "property": .string(path.description), "op": "in", "value": .array(values.map(\.json)),
      ]
    case .text(let path, let test):
      .object([JSONMember("property", .string(path.description))] + members(of: test))
    case .search(.contains(let text)): ["search": .string(text)]
    case .search(let test): ["search": .object(members(of: test))]
    case .exists(let path): ["property": .string(path.description), "op": "exists"]
    }
  }

  private static func members(of test: TextTest) -> [JSONMember] {
    switch test {
    case .contains(let text): [JSONMember("op", "contains"), JSONMember("value", .string(text))]
    case .hasPrefix(let text): [JSONMember("op", "prefix"), JSONMember("value", .string(text))]
    case .hasSuffix(let text): [JSONMember("op", "suffix"), JSONMember("value", .string(text))]
    case .matches(let pattern):
      [
        JSONMember("op", .string(pattern.syntax.rawValue)),
        JSONMember("value", .string(pattern.text)),
      ] + (pattern.ignoresCase ? [JSONMember("ignore_case", true)] : [])
    }
  }
}
