import TestSupport

/// Regular expressions as a tree with the obvious meaning: from which places to which. Written out as
/// text it is what the parser is given.
indirect enum ModelExpression {
  case scalar(Unicode.Scalar)
  case scalars([ClosedRange<Unicode.Scalar>], isNegated: Bool)
  case shorthand(Character)
  case sequence([ModelExpression])
  case choice([ModelExpression])
  case group(ModelExpression)
  case repetition(ModelExpression, Int, Int?)
  /// ^ $ b B
  case assertion(Character)

  static func random(_ depth: Int, _ random: inout SeededGenerator) -> ModelExpression {
    switch Int.random(in: depth <= 0 ? 0...5 : 0...11, using: &random) {
    case 0...2: return .scalar(Self.letters.randomElement(using: &random)!)
    case 3:
      let ranges = (0...Int.random(in: 0...2, using: &random)).map { _ in
        let ends = [
          Self.letters.randomElement(using: &random)!, Self.letters.randomElement(using: &random)!,
        ]
        return ends.min()!...ends.max()!
      }
      return .scalars(ranges, isNegated: Bool.random(using: &random))
    case 4: return .shorthand(".dDwWsS".randomElement(using: &random)!)
    case 5: return .assertion("^$bB".randomElement(using: &random)!)
    case 6, 7:
      return .sequence(
        (0...Int.random(in: 0...3, using: &random)).map { _ in .random(depth - 1, &random) })
    case 8:
      return .group(
        .choice(
          (0...Int.random(in: 0...2, using: &random)).map { _ in .random(depth - 1, &random) }))
    case 9: return .group(.sequence([]))
    default:
      let least = Int.random(in: 0...2, using: &random)
      let most = Bool.random(using: &random) ? nil : least + Int.random(in: 0...2, using: &random)
      return .repetition(.group(.random(depth - 1, &random)), least, most)
    }
  }

  /// Scalars of one, two, three and four bytes, some that differ in their last byte only.
  static let letters = Array("ab_ 1\n-éèß€₭😀😁K".unicodeScalars)

  static func text(_ random: inout SeededGenerator) -> String {
    let scalars = (0..<Int.random(in: 0...9, using: &random)).map { _ in
      letters.randomElement(using: &random)!
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// As a pattern.
  var pattern: String {
    switch self {
    case .scalar(let scalar): return escaped(scalar)
    case .scalars(let ranges, let isNegated):
      let inside = ranges.map { range in
        range.lowerBound == range.upperBound
          ? escaped(range.lowerBound)
          : escaped(range.lowerBound) + "-" + escaped(range.upperBound)
      }
      return "[" + (isNegated ? "^" : "") + inside.joined() + "]"
    case .shorthand(let letter): return letter == "." ? "." : "\\\(letter)"
    case .sequence(let parts): return parts.map(\.pattern).joined()
    case .choice(let parts): return parts.map(\.pattern).joined(separator: "|")
    case .group(let part): return "(\(part.pattern))"
    case .repetition(let part, let least, let most):
      if most == nil { return part.pattern + (least == 0 ? "*" : least == 1 ? "+" : "{\(least),}") }
      if least == 0, most == 1 { return part.pattern + "?" }
      return part.pattern + (least == most ? "{\(least)}" : "{\(least),\(most!)}")
    case .assertion(let letter):
      return letter == "^" || letter == "$" ? String(letter) : "\\\(letter)"
    }
  }

  private func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "-": "\\-"
    case "€": "\\u20ac"
    case "😀": "\\u{1F600}"
    default: String(Character(scalar))
    }
  }

  /// The places that it leads to from `place`.
  func ends(_ text: [Unicode.Scalar], from place: Int, _ ignoresCase: Bool) -> Set<Int> {
    switch self {
    case .scalar, .scalars, .shorthand:
      guard place < text.count, includes(text[place], ignoresCase) else { return [] }
      return [place + 1]
    case .group(let part): return part.ends(text, from: place, ignoresCase)
    case .sequence(let parts):
      return parts.reduce([place]) { places, part in
        places.reduce(into: []) { $0.formUnion(part.ends(text, from: $1, ignoresCase)) }
      }
    case .choice(let parts):
      return parts.reduce(into: []) { $0.formUnion($1.ends(text, from: place, ignoresCase)) }
    case .repetition(let part, let least, let most):
      var places: Set<Int> = [place]
      var reached: Set<Int> = least == 0 ? places : []
      // More rounds than there are places lead nowhere new.
      for round in 1..<(min(most ?? .max, least + text.count + 1) + 1) {
        places = places.reduce(into: []) { $0.formUnion(part.ends(text, from: $1, ignoresCase)) }
        if round >= least { reached.formUnion(places) }
      }
      return reached
    case .assertion(let letter):
      let before = place > 0 && isWord(text[place - 1])
      let after = place < text.count && isWord(text[place])
      let holds =
        switch letter {
        case "^": place == 0
        case "$": place == text.count
        case "b": before != after
        default: before == after
        }
      return holds ? [place] : []
    }
  }

  /// The scalars whose lowercase is the same.
  private static let alike: [String: [Unicode.Scalar]] = {
    let scalars = (UInt32(0)...0x1_FFFF).compactMap { Unicode.Scalar($0) }
    return Dictionary(grouping: scalars) { $0.properties.lowercaseMapping }
  }()

  private func includes(_ scalar: Unicode.Scalar, _ ignoresCase: Bool) -> Bool {
    func fold(_ scalar: Unicode.Scalar) -> String {
      ignoresCase && scalar.properties.lowercaseMapping.unicodeScalars.count == 1
        ? scalar.properties.lowercaseMapping : String(Character(scalar))
    }
    switch self {
    case .scalar(let own): return fold(own) == fold(scalar)
    case .scalars(let ranges, let isNegated):
      let alike = ignoresCase ? Self.alike[fold(scalar)] ?? [scalar] : [scalar]
      let isInside = ranges.contains { range in alike.contains { range.contains($0) } }
      return isInside != isNegated
    case .shorthand(let letter):
      switch letter {
      case ".": return !"\n\r\u{B}\u{C}\u{85}\u{2028}\u{2029}".unicodeScalars.contains(scalar)
      case "d": return ("0"..."9").contains(scalar)
      case "D": return !("0"..."9").contains(scalar)
      case "w": return isWord(scalar)
      case "W": return !isWord(scalar)
      case "s": return " \t\n\r\u{B}\u{C}".unicodeScalars.contains(scalar)
      default: return !" \t\n\r\u{B}\u{C}".unicodeScalars.contains(scalar)
      }
    default: return false
    }
  }

  private func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (scalar == "_" || Character(scalar).isLetter || Character(scalar).isNumber)
  }
}
