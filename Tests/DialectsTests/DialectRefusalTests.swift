import Testing

@testable import Dialects

@Suite("Refusals") struct DialectRefusalTests {
  @Test("a limit is named in the refusal")
  func limit() {
    let refusal = DialectRefusal.tooManyEvents(limit: 1_000)
    #expect(refusal.status == 413)
    #expect(refusal.message.contains("1000"))
  }
}
