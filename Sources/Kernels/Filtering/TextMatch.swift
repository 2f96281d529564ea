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
  case glob(GlobPattern, isNot: Bool)

  init(_ test: TextTest, isNot: Bool) throws(QueryError) {
    switch test {
    case .contains(let part): self = .contains(Array(part.utf8), isNot: isNot)
    case .hasPrefix(let part): self = .hasPrefix(Array(part.utf8), isNot: isNot)
    case .hasSuffix(let part): self = .hasSuffix(Array(part.utf8), isNot: isNot)
    case .matches(let pattern):
      guard pattern.syntax == .glob else {
        throw .invalid(.operand("regular expressions are not answered yet"))
      }
      self = .glob(GlobPattern(pattern), isNot: isNot)
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
    case .glob(let pattern, let isNot): return pattern.matches(text) != isNot
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

/// A pattern of `*` and `?`, over Unicode scalars. Whoever does not care for case has both lowered,
/// scalar by scalar.
struct GlobPattern: Sendable {
  private let scalars: [Unicode.Scalar]
  private let ignoresCase: Bool

  init(_ pattern: Pattern) {
    ignoresCase = pattern.ignoresCase
    scalars = Self.folded(pattern.text, pattern.ignoresCase)
  }

  /// Tries the last star again with one scalar more wherever the rest does not fit: no worse than the
  /// product of both lengths.
  func matches(_ text: Span<UInt8>) -> Bool {
    var bytes: [UInt8] = []
    for index in text.indices { bytes.append(text[index]) }
    let text = Self.folded(String(decoding: bytes, as: UTF8.self), ignoresCase)
    var (place, next) = (0, 0)
    var star: (place: Int, next: Int)?
    while place < text.count {
      if next < scalars.count, scalars[next] == "*" {
        star = (place, next)
        next += 1
      } else if next < scalars.count, scalars[next] == "?" || scalars[next] == text[place] {
        place += 1
        next += 1
      } else if let last = star {
        star = (last.place + 1, last.next)
        place = last.place + 1
        next = last.next + 1
      } else {
        return false
      }
    }
    return scalars[next...].allSatisfy { $0 == "*" }
  }

  private static func folded(_ text: String, _ ignoresCase: Bool) -> [Unicode.Scalar] {
    text.unicodeScalars.map { scalar in
      ignoresCase ? scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar : scalar
    }
  }
}
