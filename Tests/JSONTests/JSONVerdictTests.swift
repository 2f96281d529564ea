import Testing

@testable import JSON

@Suite("JSON verdicts") struct JSONVerdictTests {
  @Test("every named document gets the verdict that is written down", arguments: Verdict.all)
  func verdicts(document: Verdict) {
    let value = try? JSONValue(parsing: document.bytes.span)
    #expect((value != nil) == document.isAccepted)
    #expect(value == ReferenceParser.parse(document.bytes))
    // Stepping over a document differs in one thing: it does not compare keys.
    let hasDuplicates = document.name.contains("duplicate")
    #expect((verdict(of: document.bytes) == nil) == (document.isAccepted || hasDuplicates))
  }
}
