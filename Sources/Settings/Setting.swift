internal import JSON

/// One key of a program's configuration, declared once: what it is called, what it may be, what it is
/// when nobody says, and a sentence on what it does.
///
///     static let maximum = Setting(
///       "spool.max_bytes", default: .gib(10), atLeast: .mib(64),
///       "How much the spool may take on disk; a full one answers 503.")
package struct Setting<Value: SettingValue>: Sendable {
  package let path: String
  package let defaultValue: Value
  package let doc: String
  /// A flag of its own, without dashes; every key can also be given with `--set`.
  package let flag: String?
  /// What the bounds are, for people; nil where there are none.
  let bounds: String?
  /// Whether a value is within the bounds.
  let isAllowed: @Sendable (Value) -> Bool

  private init(
    path: String, default value: Value, doc: String, flag: String?, bounds: String?,
    isAllowed: @escaping @Sendable (Value) -> Bool
  ) {
    precondition(isAllowed(value), "the default of \(path) is out of its own bounds")
    self.path = path
    defaultValue = value
    self.doc = doc
    self.flag = flag
    self.bounds = bounds
    self.isAllowed = isAllowed
  }

  package init(_ path: String, default value: Value, flag: String? = nil, _ doc: String) {
    self.init(path: path, default: value, doc: doc, flag: flag, bounds: nil) { _ in true }
  }

  /// - Parameter must: ends the sentence "must …", such as "have a port of its own".
  package init(
    _ path: String, default value: Value, must: String,
    _ isAllowed: @escaping @Sendable (Value) -> Bool,
    flag: String? = nil, _ doc: String
  ) {
    self.init(
      path: path, default: value, doc: doc, flag: flag, bounds: must, isAllowed: isAllowed)
  }
}

extension Setting where Value: Comparable {
  package init(
    _ path: String, default value: Value, in bounds: ClosedRange<Value>, flag: String? = nil,
    _ doc: String
  ) {
    self.init(
      path: path, default: value, doc: doc, flag: flag,
      bounds: "lie between \(bounds.lowerBound.settingText) and \(bounds.upperBound.settingText)"
    ) { bounds.contains($0) }
  }

  package init(
    _ path: String, default value: Value, atLeast minimum: Value, flag: String? = nil, _ doc: String
  ) {
    self.init(
      path: path, default: value, doc: doc, flag: flag,
      bounds: "be at least \(minimum.settingText)"
    ) { $0 >= minimum }
  }
}

/// A setting of any type, as a schema keeps it.
package struct AnySetting: Sendable {
  package let path: String
  package let doc: String
  package let flag: String?
  package let placeholder: String
  package let expectation: String
  package let bounds: String?
  package let defaultText: String
  package let defaultLiteral: String
  let defaultValue: any SettingValue
  let fromText: @Sendable (String) throws(Refusal) -> any SettingValue
  let fromNode: @Sendable (JSON5Node) throws(Refusal) -> any SettingValue

  /// Why a value is none, as a sentence.
  struct Refusal: Error {
    let sentence: String
  }

  /// The variable that sets it: `TRIBUTARY_SPOOL__MAX_BYTES` for `spool.max_bytes`.
  package var variable: String { Self.variable(for: path) }

  static let variablePrefix = "TRIBUTARY_"

  static func variable(for path: String) -> String {
    variablePrefix + path.split(separator: ".").joined(separator: "__").uppercased()
  }
}

/// What a schema is made of. Only `Setting` conforms.
package protocol SettingDeclaration: Sendable {
  var erased: AnySetting { get }
}

extension Setting: SettingDeclaration {
  package var erased: AnySetting {
    @Sendable func checked(_ value: Value?, _ found: String) throws(AnySetting.Refusal) -> Value {
      guard let value else {
        throw AnySetting.Refusal(sentence: "expected \(Value.expectation), found \(found)")
      }
      guard isAllowed(value) else {
        throw AnySetting.Refusal(sentence: "must \(bounds ?? "be valid"), found \(found)")
      }
      return value
    }
    return AnySetting(
      path: path, doc: doc, flag: flag, placeholder: Value.placeholder,
      expectation: Value.expectation, bounds: bounds, defaultText: defaultValue.settingText,
      defaultLiteral: defaultValue.settingLiteral, defaultValue: defaultValue,
      fromText: { (text) throws(AnySetting.Refusal) in
        try checked(Value(settingText: trimmed(text)), quoted(text))
      },
      fromNode: { (node) throws(AnySetting.Refusal) in
        try checked(Value(settingNode: node), describe(node))
      })
  }
}

/// What stands in a file, in a few words.
func describe(_ node: JSON5Node) -> String {
  switch node.content {
  case .null: "null"
  case .bool(let flag): flag.description
  case .integer(let number): number.description
  case .double(let number): number.description
  case .string(let text): quoted(text)
  case .array: "an array"
  case .object: "an object"
  }
}
