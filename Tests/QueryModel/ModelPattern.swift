import Query

/// Patterns by trying everything. Regular expressions are those of Swift, which are a superset of
/// what patterns may say.
struct ModelPattern {
  private let pattern: Pattern

  init(_ pattern: Pattern) { self.pattern = pattern }

  func matches(_ text: String) -> Bool {
    switch pattern.syntax {
    case .glob:
      return glob(Array(pattern.text.unicodeScalars)[...], Array(text.unicodeScalars)[...])
    case .regularExpression:
      // What Swift reads is more than patterns are made of.
      guard let regex = try? Regex(pattern.text) else { return false }
      let found = regex.matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
        .asciiOnlyCharacterClasses().ignoresCase(pattern.ignoresCase)
      return text.firstMatch(of: found) != nil
    }
  }

  private func glob(
    _ pattern: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case "*": return (0...text.count).contains { glob(rest, text.dropFirst($0)) }
    case "?": return !text.isEmpty && glob(rest, text.dropFirst())
    case "[":
      guard let end = rest.dropFirst().firstIndex(of: "]"), let scalar = text.first else {
        return false
      }
      return isInClass(rest[..<end], scalar)
        && glob(rest[rest.index(after: end)...], text.dropFirst())
    case "\\":
      guard let meant = rest.first, let scalar = text.first else { return false }
      return isSame(meant, scalar) && glob(rest.dropFirst(), text.dropFirst())
    default:
      guard let scalar = text.first else { return false }
      return isSame(first, scalar) && glob(rest, text.dropFirst())
    }
  }

  /// Of single scalars and ranges.
  private func isInClass(_ inside: ArraySlice<Unicode.Scalar>, _ scalar: Unicode.Scalar) -> Bool {
    let isNot = inside.first == "!" || inside.first == "^"
    let members = Array(isNot ? inside.dropFirst() : inside)
    var isIn = false
    var place = 0
    while place < members.count {
      var end = place
      if place + 2 < members.count, members[place + 1] == "-" { end = place + 2 }
      for value in members[place].value...members[end].value {
        if let member = Unicode.Scalar(value), isSame(member, scalar) { isIn = true }
      }
      place = end + 1
    }
    return isIn != isNot
  }

  private func isSame(_ left: Unicode.Scalar, _ right: Unicode.Scalar) -> Bool {
    left == right || (pattern.ignoresCase && lowered(left) == lowered(right))
  }

  /// A case of several scalars is none.
  private func lowered(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    return lower.count == 1 ? lower.first ?? scalar : scalar
  }
}
