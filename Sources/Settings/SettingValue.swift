package import JSON

/// A type that a setting can have: written as text in variables and flags, as JSON5 in files.
package protocol SettingValue: Sendable {
  /// What stands for a value in help, such as `SIZE`.
  static var placeholder: String { get }
  /// What is expected, as the end of a sentence: "a size such as 10GiB".
  static var expectation: String { get }

  /// Nil where the text is no such value.
  init?(settingText: String)
  /// Nil where the file says something else. Unless said otherwise, it says it as a string.
  init?(settingNode: JSON5Node)

  /// The value as somebody would write it in a flag.
  var settingText: String { get }
  /// The value as somebody would write it in a file. Unless said otherwise, a string.
  var settingLiteral: String { get }

  /// The same value, where relative paths in it are meant from this folder.
  func relative(to folder: String) -> Self
}

extension SettingValue {
  package init?(settingNode: JSON5Node) {
    guard case .string(let text) = settingNode.content else { return nil }
    self.init(settingText: text)
  }

  package var settingLiteral: String { quoted(settingText) }

  package func relative(to folder: String) -> Self { self }
}

/// A JSON string.
func quoted(_ text: String) -> String {
  var json = JSONWriter()
  json.string(text)
  return String(decoding: json.bytes, as: UTF8.self)
}

// MARK: - Values of the language

extension String: SettingValue {
  package static var placeholder: String { "TEXT" }
  package static var expectation: String { "a text" }
  package init?(settingText: String) { self = settingText }
  package var settingText: String { self }
}

extension Int: SettingValue {
  package static var placeholder: String { "N" }
  package static var expectation: String { "a whole number such as 1000 or 1_000" }

  package init?(settingText: String) {
    guard let digits = withoutSeparators(settingText), let number = Int(digits) else { return nil }
    self = number
  }

  package init?(settingNode: JSON5Node) {
    switch settingNode.content {
    case .integer(let number): self = Int(number)
    case .string(let text): self.init(settingText: text)
    default: return nil
    }
  }

  package var settingText: String { description }
  package var settingLiteral: String { description }
}

extension Double: SettingValue {
  package static var placeholder: String { "X" }
  package static var expectation: String { "a number such as 0.25" }

  package init?(settingText: String) {
    guard let number = Double(settingText), number.isFinite else { return nil }
    self = number
  }

  package init?(settingNode: JSON5Node) {
    switch settingNode.content {
    case .integer(let number): self = Double(number)
    case .double(let number) where number.isFinite: self = number
    default: return nil
    }
  }

  package var settingText: String { description }
  package var settingLiteral: String { description }
}

extension Bool: SettingValue {
  package static var placeholder: String { "true|false" }
  package static var expectation: String { "true or false" }

  package init?(settingText: String) {
    switch settingText.lowercased() {
    case "true", "yes", "on", "1": self = true
    case "false", "no", "off", "0": self = false
    default: return nil
    }
  }

  package init?(settingNode: JSON5Node) {
    guard case .bool(let flag) = settingNode.content else { return nil }
    self = flag
  }

  package var settingText: String { description }
  package var settingLiteral: String { description }
}

// MARK: - Values of values

/// None or several: an array in a file, separated by commas elsewhere.
extension Array: SettingValue where Element: SettingValue {
  package static var placeholder: String { "\(Element.placeholder),…" }
  package static var expectation: String { "a list; each is \(Element.expectation)" }

  package init?(settingText: String) {
    var elements: [Element] = []
    for part in settingText.split(separator: ",") {
      guard let element = Element(settingText: trimmed(String(part))) else { return nil }
      elements.append(element)
    }
    self = elements
  }

  package init?(settingNode: JSON5Node) {
    guard case .array(let nodes) = settingNode.content else {
      guard let element = Element(settingNode: settingNode) else { return nil }
      self = [element]
      return
    }
    var elements: [Element] = []
    for node in nodes {
      guard let element = Element(settingNode: node) else { return nil }
      elements.append(element)
    }
    self = elements
  }

  package var settingText: String { map(\.settingText).joined(separator: ",") }
  package var settingLiteral: String { "[" + map(\.settingLiteral).joined(separator: ", ") + "]" }
  package func relative(to folder: String) -> Self { map { $0.relative(to: folder) } }
}

/// Something that may be left out: `null` in a file, an empty text elsewhere.
extension Optional: SettingValue where Wrapped: SettingValue {
  package static var placeholder: String { Wrapped.placeholder }
  package static var expectation: String { Wrapped.expectation }

  package init?(settingText: String) {
    guard !settingText.isEmpty else {
      self = .none
      return
    }
    guard let value = Wrapped(settingText: settingText) else { return nil }
    self = .some(value)
  }

  package init?(settingNode: JSON5Node) {
    if case .null = settingNode.content {
      self = .none
      return
    }
    guard let value = Wrapped(settingNode: settingNode) else { return nil }
    self = .some(value)
  }

  package var settingText: String { map(\.settingText) ?? "" }
  package var settingLiteral: String { map(\.settingLiteral) ?? "null" }
  package func relative(to folder: String) -> Self { map { $0.relative(to: folder) } }
}

/// One of a few words; an enum with raw strings conforms by saying so.
package protocol SettingChoice: SettingValue, RawRepresentable<String>, CaseIterable {}

extension SettingChoice {
  package static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }

  package static var expectation: String {
    let words = allCases.map(\.rawValue)
    return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
  }

  package init?(settingText: String) { self.init(rawValue: settingText) }
  package var settingText: String { rawValue }
}

/// Removes the underscores that stand between digits; nil where one stands elsewhere.
func withoutSeparators(_ text: String) -> String? {
  guard text.utf8.contains(UInt8(ascii: "_")) else { return text }
  let groups = text.split(separator: "_", omittingEmptySubsequences: false)
  let isGood = groups.allSatisfy { group in
    guard let first = group.utf8.first, let last = group.utf8.last else { return false }
    return isDigit(last) && (isDigit(first) || group.startIndex == text.startIndex)
  }
  return isGood ? groups.joined() : nil
}

func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

func trimmed(_ text: String) -> String {
  var rest = Substring(text)
  while let first = rest.first, first.isWhitespace { rest.removeFirst() }
  while let last = rest.last, last.isWhitespace { rest.removeLast() }
  return String(rest)
}
