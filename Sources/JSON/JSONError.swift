/// Why bytes are not the JSON that was expected, and where.
package struct JSONError: Error, Equatable, Sendable {
  package enum Code: String, Sendable {
    case unexpectedByte, unexpectedEnd, unexpectedKind, trailing
    case controlCharacter, invalidUTF8, badEscape, loneSurrogate
    case badNumber, numberTooLarge
    case tooDeep, duplicateKey
  }

  package let code: Code
  /// In bytes from the start of what the reader was lent.
  package let offset: Int

  package init(_ code: Code, at offset: Int) {
    self.code = code
    self.offset = offset
  }

  /// One sentence that may be shown to whoever sent the bytes: it quotes none of them.
  package var message: String { "\(code.sentence) at byte \(offset)" }
}

extension JSONError.Code {
  var sentence: String {
    switch self {
    case .unexpectedByte: "a byte that cannot stand here"
    case .unexpectedEnd: "the text ends too early"
    case .unexpectedKind: "a value of another kind than expected"
    case .trailing: "something follows the value"
    case .controlCharacter: "a control character that is not escaped"
    case .invalidUTF8: "bytes that are not UTF-8"
    case .badEscape: "an escape that does not exist"
    case .loneSurrogate: "half of a surrogate pair"
    case .badNumber: "a number that is not written as JSON writes them"
    case .numberTooLarge: "a number too large for a double"
    case .tooDeep: "arrays and objects nested too deeply"
    case .duplicateKey: "a key that its object has already"
    }
  }
}

extension JSONError: CustomStringConvertible {
  package var description: String { message }
}
