/// Classes and escapes, which globs and regular expressions share.
extension PatternScanner {
  enum Syntax { case regularExpression, glob }

  /// What stands between `[` and `]`; the `[` is behind us.
  mutating func scalarClass(_ syntax: Syntax, ignoringCase: Bool) throws(PatternProblem)
    -> ScalarSet
  {
    let opened = column - 1
    let isNegated = skip("^") || (syntax == .glob && skip("!"))
    var set = ScalarSet([])
    while true {
      guard !isAtEnd else { throw mistake(.unclosedClass, at: opened) }
      if peek() == UInt8(ascii: "]") { break }
      set = set.union(try classMember(syntax, ignoringCase))
    }
    guard !set.ranges.isEmpty else { throw mistake(.emptyClass) }
    _ = next()
    return isNegated ? set.inverted : set
  }

  private mutating func classMember(
    _ syntax: Syntax, _ ignoringCase: Bool
  ) throws(PatternProblem) -> ScalarSet {
    let start = column
    let first = try classItem(syntax)
    // A hyphen before the end is itself.
    guard peek() == UInt8(ascii: "-"), position + 1 < characters.count,
      peek(1) != UInt8(ascii: "]")
    else {
      // What has a name means the same in both cases: K as a unit is no word character, yet a k.
      return ignoringCase && first.single != nil ? first.ignoringCase : first
    }
    _ = next()
    let last = try classItem(syntax)
    guard let low = first.single, let high = last.single else {
      throw mistake(.rangeOfClasses, at: start)
    }
    guard low <= high else { throw mistake(.reversedRange, at: start) }
    let range = ScalarSet([low...high])
    return ignoringCase ? range.ignoringCase : range
  }

  private mutating func classItem(_ syntax: Syntax) throws(PatternProblem) -> ScalarSet {
    let start = column
    // Other languages have operators and classes inside of classes here.
    if peek() == UInt8(ascii: "[") { throw mistake(.unescapedInClass("[")) }
    for operation in ["&&", "--", "~~"] {
      let bytes = Array(operation.utf8)
      if peek() == bytes[0], peek(1) == bytes[1] { throw mistake(.unescapedInClass(operation)) }
    }
    let character = next()
    if character.asASCIIByte == UInt8(ascii: "\\") {
      switch try escape(syntax, from: start) {
      case .scalars(let set): return set
      case .assertion: throw mistake(.unknownEscape("b in a class"), at: start)
      }
    }
    let scalars = character.unicodeScalars
    guard scalars.count == 1, let scalar = scalars.first else {
      throw mistake(.severalScalarsInClass, at: start)
    }
    return ScalarSet(scalar)
  }

  enum Escape {
    case scalars(ScalarSet)
    case assertion(Assertion)
  }

  /// What follows a backslash, which stood at `start`.
  mutating func escape(_ syntax: Syntax, from start: Int) throws(PatternProblem) -> Escape {
    guard !isAtEnd else { throw mistake(.nothingEscaped, at: start) }
    let character = next()
    guard let byte = character.asASCIIByte else {
      throw mistake(.unknownEscape(String(character)), at: start)
    }
    let scalar = Unicode.Scalar(byte)
    let isLetterOrDigit = ScalarSet.wordCharacters.contains(scalar.value) && scalar != "_"
    // A glob has no other use for letters, and the paths of some systems are full of backslashes.
    guard isLetterOrDigit else { return .scalars(ScalarSet(scalar)) }
    guard syntax == .regularExpression else {
      throw mistake(.unknownEscape(String(character)), at: start)
    }
    switch scalar {
    case "d": return .scalars(.digits)
    case "D": return .scalars(ScalarSet.digits.inverted)
    case "w": return .scalars(.wordCharacters)
    case "W": return .scalars(ScalarSet.wordCharacters.inverted)
    case "s": return .scalars(.spaces)
    case "S": return .scalars(ScalarSet.spaces.inverted)
    case "t": return .scalars(ScalarSet("\t"))
    case "n": return .scalars(ScalarSet("\n"))
    case "r": return .scalars(ScalarSet("\r"))
    case "f": return .scalars(ScalarSet("\u{C}"))
    case "b": return .assertion(.wordBoundary)
    case "B": return .assertion(.noWordBoundary)
    case "A": return .assertion(.start)
    case "z": return .assertion(.end)
    case "x": return .scalars(try hexadecimal(digits: 2, from: start))
    case "u": return .scalars(try hexadecimal(digits: 4, from: start))
    case "1"..."9", "k", "g": throw mistake(.backReference, at: start)
    default: throw mistake(.unknownEscape(String(character)), at: start)
    }
  }

  /// So many digits, or up to eight in braces.
  private mutating func hexadecimal(
    digits: Int, from start: Int
  ) throws(PatternProblem) -> ScalarSet {
    let isBraced = skip("{")
    var value: UInt32 = 0
    var count = 0
    while count < (isBraced ? 8 : digits), let byte = peek(),
      let digit = Character(Unicode.Scalar(byte)).hexDigitValue
    {
      value = value << 4 | UInt32(digit)
      count += 1
      _ = next()
    }
    let isComplete = isBraced ? count > 0 && skip("}") : count == digits
    guard isComplete, let scalar = Unicode.Scalar(value) else {
      throw mistake(.notAScalar, at: start)
    }
    return ScalarSet(scalar)
  }
}
