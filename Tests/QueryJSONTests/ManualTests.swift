import Glibc
import JSON
import Testing

@testable import QueryJSON

@Suite("The manual of questions") struct ManualTests {
  /// The examples of `Docs/formats/questions.md`, found from this file, wherever the sources lie.
  private static var examples: [String] {
    let here = "\(#filePath)"
    guard let path = unsafe realpath(here, nil) else { return [] }
    defer { unsafe free(path) }
    let root = unsafe String(cString: path).split(separator: "/").dropLast(3)
    let file = "/" + root.joined(separator: "/") + "/Docs/formats/questions.md"
    guard let stream = unsafe fopen(file, "r") else { return [] }
    defer { unsafe fclose(stream) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(stream), byte >= 0 { bytes.append(UInt8(byte)) }
    let parts = String(decoding: bytes, as: UTF8.self).split(
      separator: "```", omittingEmptySubsequences: false)
    return parts.filter { $0.hasPrefix("json\n") }.map { String($0.dropFirst(5)) }
  }

  @Test("every example of a question is one, and there is one for every word")
  func examplesAreQuestions() throws {
    var words: Set<String> = []
    for example in Self.examples {
      let value = try JSONValue(parsing: example)
      guard let word = value["question"]?.string else { continue }
      words.insert(word)
      let asked = try AnyQuestion(value, in: surroundings())
      #expect(try AnyQuestion(asked.json, in: surroundings()) == asked)
    }
    #expect(words == Set(QuestionWord.allCases.map(\.rawValue)))
  }

  @Test("every example of a condition is one")
  func examplesAreConditions() throws {
    let conditions = try Self.examples.map { try JSONValue(parsing: $0) }.filter {
      $0["and"] != nil
    }
    #expect(!conditions.isEmpty)
    for condition in conditions { _ = try FilterForm.filter(condition) }
  }
}
