import Query

/// A test of a text's bytes. Dictionaries are asked entry by entry, once for each question.
enum TextMatch: Sendable {
  case none, all
  case order(Comparator, [UInt8])
  /// One of these, which ascend; or none of them.
  case among([[UInt8]], isNot: Bool)
  case contains([UInt8], isNot: Bool)
  case hasPrefix([UInt8], isNot: Bool)
  case hasSuffix([UInt8], isNot: Bool)
  case pattern(PatternMatch, isNot: Bool)
  /// The same, as one thread uses it.
  case lent(PatternMatch.Use, isNot: Bool)
  /// What the text tells of a visit passes; `absent` where it tells nothing.
  indirect case visit(VisitTexts, TextMatch, absent: Bool)

  init(_ test: TextTest, isNot: Bool) throws(QueryError) {
    switch test {
    case .contains(let part): self = .contains(Array(part.utf8), isNot: isNot)
    case .hasPrefix(let part): self = .hasPrefix(Array(part.utf8), isNot: isNot)
    case .hasSuffix(let part): self = .hasSuffix(Array(part.utf8), isNot: isNot)
    case .matches(let pattern):
      do throws(QuestionProblem) {
        self = .pattern(PatternMatch(try pattern.compiled()), isNot: isNot)
      } catch { throw .invalid(error) }
    }
  }

  /// The test as it is asked of many texts in a row: give it back, with `giveBack`, when they end.
  func borrowed() -> TextMatch {
    switch self {
    case .pattern(let pattern, let isNot): .lent(pattern.take(), isNot: isNot)
    case .visit(let texts, let match, let absent):
      .visit(texts, match.borrowed(), absent: absent)
    default: self
    }
  }

  func giveBack(_ borrowed: TextMatch) {
    switch (self, borrowed) {
    case (.pattern(let pattern, _), .lent(let use, _)): pattern.giveBack(use)
    case (.visit(_, let match, _), .visit(_, let borrowed, _)): match.giveBack(borrowed)
    default: break
    }
  }

  func passes(_ text: Span<UInt8>) -> Bool {
    switch self {
    case .none: return false
    case .all: return true
    case .order(let comparator, let operand): return comparator.holds(Self.order(text, operand))
    case .among(let texts, let isNot):
      var low = 0
      var high = texts.count
      while low < high {
        let middle = (low + high) / 2
        switch Self.order(text, texts[middle]) {
        case .same: return !isNot
        case .before: high = middle
        case .after: low = middle + 1
        }
      }
      return isNot
    case .contains(let part, let isNot): return Self.contains(text, part) != isNot
    case .hasPrefix(let part, let isNot):
      return (text.count >= part.count && Self.isEqual(text, at: 0, part)) != isNot
    case .hasSuffix(let part, let isNot):
      return (text.count >= part.count && Self.isEqual(text, at: text.count - part.count, part))
        != isNot
    case .pattern(let pattern, let isNot):
      let use = pattern.take()
      defer { pattern.giveBack(use) }
      return use.matches(text) != isNot
    case .lent(let use, let isNot): return use.matches(text) != isNot
    case .visit(let texts, let match, let absent):
      guard let told = texts.text(from: text) else { return absent }
      return match.passes(told.span)
    }
  }

  private static func order(_ text: Span<UInt8>, _ operand: [UInt8]) -> Order {
    let bytes = operand.span
    let common = min(text.count, bytes.count)
    var index = 0
    while index < common {
      if text[index] != bytes[index] { return text[index] < bytes[index] ? .before : .after }
      index &+= 1
    }
    return text.count == bytes.count ? .same : (text.count < bytes.count ? .before : .after)
  }

  private static func isEqual(_ text: Span<UInt8>, at start: Int, _ part: [UInt8]) -> Bool {
    let bytes = part.span
    var index = 0
    while index < bytes.count {
      if text[start &+ index] != bytes[index] { return false }
      index &+= 1
    }
    return true
  }

  private static func contains(_ text: Span<UInt8>, _ part: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    guard text.count >= part.count else { return false }
    let last = text.count &- part.count
    var start = 0
    while start <= last {
      if text[start] == first, isEqual(text, at: start, part) { return true }
      start &+= 1
    }
    return false
  }
}
