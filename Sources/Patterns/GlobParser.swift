/// Reads a glob, which fits a whole text: `*` for anything, `?` for one scalar, `[ ]` for one of a
/// class, and a backslash before what means itself.
enum GlobParser {
  static func parse(_ text: String, ignoringCase: Bool) throws(PatternProblem) -> Expression {
    var scanner = PatternScanner(text)
    var parts: [Expression] = [.assertion(.start)]
    while !scanner.isAtEnd {
      let start = scanner.column
      let character = scanner.next()
      switch character.asASCIIByte.map({ Unicode.Scalar($0) }) {
      case "*": if parts.last != .anything { parts.append(.anything) }
      case "?": parts.append(.scalar(.all))
      case "[": parts.append(.scalar(try scanner.scalarClass(.glob, ignoringCase: ignoringCase)))
      case "\\":
        guard case .scalars(let set) = try scanner.escape(.glob, from: start) else { continue }
        parts.append(.scalar(ignoringCase ? set.ignoringCase : set))
      default:
        for scalar in character.unicodeScalars {
          let set = ScalarSet(scalar)
          parts.append(.scalar(ignoringCase ? set.ignoringCase : set))
        }
      }
    }
    // At an end, anything is the same as not asking where the end is.
    if parts.last == .anything { parts.removeLast() } else { parts.append(.assertion(.end)) }
    if parts.count > 1, parts[1] == .anything { parts.removeFirst(2) }
    return .sequence(parts)
  }
}
