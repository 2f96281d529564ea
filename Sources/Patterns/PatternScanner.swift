/// Walks over a pattern's text, character by character: an accent stays with its letter, and what is
/// repeated is what the writer sees.
struct PatternScanner {
  let characters: [Character]
  private(set) var position = 0

  init(_ text: String) { characters = Array(text) }

  var isAtEnd: Bool { position == characters.count }
  /// Where the next character stands, as a person counts.
  var column: Int { position + 1 }

  /// Only a character that is one ASCII byte means more than itself: `;` has look-alikes that Unicode
  /// calls equal to it.
  func peek(_ ahead: Int = 0) -> UInt8? {
    guard position + ahead < characters.count else { return nil }
    return characters[position + ahead].asASCIIByte
  }

  mutating func next() -> Character {
    defer { position += 1 }
    return characters[position]
  }

  mutating func skip(_ byte: Character) -> Bool {
    guard let ascii = byte.asASCIIByte, peek() == ascii else { return false }
    position += 1
    return true
  }

  /// Skips a whole word, or nothing.
  mutating func skip(word: String) -> Bool {
    let wanted = Array(word)
    for (index, character) in wanted.enumerated() where peek(index) != character.asASCIIByte {
      return false
    }
    position += wanted.count
    return true
  }

  func mistake(_ mistake: PatternProblem.Mistake, at column: Int? = nil) -> PatternProblem {
    .mistake(mistake, column: column ?? self.column)
  }
}

extension Character {
  /// Not `asciiValue`, which sees a line feed in `\r\n`.
  var asASCIIByte: UInt8? {
    guard unicodeScalars.count == 1, let scalar = unicodeScalars.first, scalar.isASCII else {
      return nil
    }
    return UInt8(scalar.value)
  }
}
