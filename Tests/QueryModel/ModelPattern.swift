import Query

/// Patterns by trying everything. Regular expressions are those of Swift, which are a superset of
/// what patterns may say.
struct ModelPattern {
  private let pattern: Pattern

  init(_ pattern: Pattern) { self.pattern = pattern }

  func matches(_ text: String) -> Bool {
    switch pattern.syntax {
    case .glob: return glob(folded(pattern.text), folded(text))
    case .regularExpression:
      // Only patterns that compile are asked for.
      guard let regex = try? Regex(pattern.text) else { return false }
      let found = regex.matchingSemantics(.unicodeScalar).ignoresCase(pattern.ignoresCase)
      return text.firstMatch(of: found) != nil
    }
  }

  private func glob(
    _ pattern: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    switch first {
    case "*":
      return (0...text.count).contains { glob(pattern.dropFirst(), text.dropFirst($0)) }
    case "?": return !text.isEmpty && glob(pattern.dropFirst(), text.dropFirst())
    default: return text.first == first && glob(pattern.dropFirst(), text.dropFirst())
    }
  }

  private func folded(_ text: String) -> ArraySlice<Unicode.Scalar> {
    let scalars = text.unicodeScalars.map { scalar in
      pattern.ignoresCase
        ? scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar : scalar
    }
    return scalars[...]
  }
}
