/// Why a text is no pattern, in words for whoever wrote it.
package enum PatternProblem: Error, Equatable {
  case tooLong(bytes: Int, limit: Int)
  /// The counts of its repetitions multiply to more than a machine may have.
  case tooLarge(limit: Int)
  /// Where: characters from 1, as the writer counts them.
  case mistake(Mistake, column: Int)

  package enum Mistake: Equatable, Sendable {
    case unclosedGroup, unopenedGroup, unknownGroup, lookAround, backReference
    case groupsTooDeep(limit: Int)
    case unclosedClass, emptyClass, severalScalarsInClass, reversedRange, rangeOfClasses
    /// What other languages read as more than a character, and this one leaves to a backslash.
    case unescapedInClass(String)
    case nothingToRepeat, repeatedTwice, possessive
    case malformedCount, reversedCount
    case countTooLarge(limit: Int)
    case nothingEscaped, notAScalar
    case unknownEscape(String)
  }
}

extension PatternProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLong(let bytes, let limit): "a pattern of \(bytes) bytes; at most \(limit) are allowed"
    case .tooLarge(let limit):
      "the repetitions make it too large: more than \(limit) states; smaller counts make fewer"
    case .mistake(let mistake, let column): "column \(column): \(mistake)"
    }
  }
}

extension PatternProblem.Mistake: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unclosedGroup: "this ( has no )"
    case .unopenedGroup: "this ) has no (; a parenthesis as text is \\)"
    case .unknownGroup: "groups are ( ), (?: ) and (?i: ); (?i) may only begin a pattern"
    case .lookAround: "looking ahead or behind is not possible in linear time"
    case .backReference: "referring back to a group is not possible in linear time"
    case .groupsTooDeep(let limit): "groups inside groups, deeper than \(limit)"
    case .unclosedClass: "this [ has no ]"
    case .emptyClass: "a class of no characters; a ] as text is \\]"
    case .severalScalarsInClass:
      "this character is made of several; write it as an alternative in ( | ) instead"
    case .reversedRange: "a range whose end comes before its start"
    case .rangeOfClasses: "a range has characters at both ends; a - as text is \\-"
    case .unescapedInClass(let text):
      "\(text) means nothing in a class; as text it needs a backslash"
    case .nothingToRepeat: "nothing here that could be repeated; as text it needs a backslash"
    case .repeatedTwice: "repeated twice; ( ) around the first repetition makes it clear"
    case .possessive: "possessive repetitions are not possible in linear time"
    case .malformedCount: "a count is {2}, {2,} or {2,5}; a brace as text is \\{"
    case .reversedCount: "the most is less than the least"
    case .countTooLarge(let limit): "repeated more than \(limit) times"
    case .nothingEscaped: "a backslash at the end; as text it is \\\\"
    case .notAScalar: "no Unicode scalar in hexadecimal: \\x41, \\u0041 or \\u{1F600}"
    case .unknownEscape(let text): "\\\(text) has no meaning"
    }
  }
}
