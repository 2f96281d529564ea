import Calendar
import JSON
import Query
import Testing

@testable import QueryJSON

@Suite("What is wrong with a question is said at its place") struct FaultTests {
  private func fault(_ text: String) -> QuestionFault? {
    do throws(QuestionFault) {
      _ = try question(text)
      return nil
    } catch { return error }
  }

  @Test(
    arguments: [
      ("{}", QuestionFault.Code.missingKey, "question"),
      ("[]", .wrongType, ""),
      ("{\"question\":\"serie\"}", .unknownValue, "question"),
      ("{\"question\":7}", .wrongType, "question"),
      ("{\"question\":\"series\"}", .missingKey, "series"),
      ("{\"question\":\"series\",\"series\":[]}", .outOfBounds, ""),
      ("{\"question\":\"series\",\"series\":[\"evnts\"]}", .unknownValue, "series[0]"),
      (
        "{\"question\":\"series\",\"series\":[{\"measure\":\"events\",\"evnt\":\"a\"}]}",
        .unknownKey,
        "series[0].evnt"
      ),
      (
        "{\"question\":\"series\",\"series\":[{\"measure\":{\"percentile\":\"props.a\",\"q\":2}}]}",
        .invalidQuestion, "series[0].measure.q"
      ),
      (
        "{\"question\":\"series\",\"series\":[{\"measure\":{\"sum\":\"prop.a\"}}]}",
        .invalidQuestion,
        "series[0].measure.sum"
      ),
      (
        "{\"question\":\"series\",\"series\":[\"events\"],\"formulas\":[\"A\",\"A +\"]}",
        .invalidQuestion, "formulas[1]"
      ),
      (
        """
        {"question":"people","filter":{"and":[{"property":"name","op":"exists"},
        {"property":"name","op":"=","value":"a"},{"property":"props.a","op":"<","value":true}]}}
        """, .invalidQuestion, "filter.and[2].value"
      ),
      (
        "{\"question\":\"people\",\"filter\":[{\"property\":\"name\",\"op\":\"=\"}]}", .missingKey,
        "filter[0].value"
      ),
      (
        "{\"question\":\"people\",\"filter\":{\"property\":\"name\",\"op\":\"=\",\"value\":null}}",
        .invalidQuestion, "filter.value"
      ),
      (
        "{\"question\":\"people\",\"filter\":{\"property\":\"name\",\"op\":\"is\",\"value\":1}}",
        .unknownValue, "filter.op"
      ),
      (
        "{\"question\":\"people\",\"filter\":{\"and\":[],\"or\":[]}}", .invalidQuestion, "filter"
      ),
      (
        "{\"question\":\"people\",\"filter\":{\"search\":{\"op\":\"in\",\"value\":\"a\"}}}",
        .unknownValue, "filter.search.op"
      ),
      ("{\"question\":\"people\",\"of\":[]}", .outOfBounds, "of"),
      ("{\"question\":\"people\",\"of\":[1]}", .wrongType, "of[0]"),
      ("{\"question\":\"people\",\"limit\":0}", .outOfBounds, "limit"),
      ("{\"question\":\"people\",\"limit\":1.5}", .wrongType, "limit"),
      ("{\"question\":\"people\",\"from\":\"yesterday\"}", .invalidTime, "from"),
      (
        "{\"question\":\"people\",\"from\":\"2026-01-02\",\"to\":\"2026-01-01\"}", .invalidTime,
        "to"
      ),
      ("{\"question\":\"people\",\"last\":\"7d\",\"to\":\"2026-01-01\"}", .invalidTime, "last"),
      ("{\"question\":\"people\",\"last\":\"7\"}", .invalidTime, "last"),
      ("{\"question\":\"people\",\"timezone\":\"Berlin\"}", .invalidTime, "timezone"),
      ("{\"question\":\"people\",\"kinds\":[\"pages\"]}", .unknownValue, "kinds[0]"),
      ("{\"question\":\"funnel\",\"steps\":[\"a\"],\"window\":\"0d\"}", .outOfBounds, "window"),
      ("{\"question\":\"funnel\",\"steps\":[\"a\"],\"window\":14}", .wrongType, "window"),
      (
        "{\"question\":\"funnel\",\"steps\":[\"a\",\"b\"],\"exclusions\":[{\"event\":\"x\",\"between\":[2,1]}]}",
        .outOfBounds, "exclusions[0].between"
      ),
      ("{\"question\":\"retention\",\"interval\":\"total\"}", .invalidQuestion, ""),
      (
        "{\"question\":\"visitors\",\"interval\":\"hour\",\"from\":\"1900-01-01\",\"to\":\"2026-01-01\"}",
        .tooMany, "interval"
      ),
      ("{\"question\":\"live\",\"from\":\"2026-01-01\"}", .unknownKey, "from"),
      ("{\"question\":\"paths\",\"anchor\":{\"from\":\"a\",\"to\":\"b\"}}", .missingKey, "anchor"),
      ("{\"question\":\"events\",\"after\":\"x\"}", .unknownValue, "after"),
      (
        "{\"question\":\"events\",\"person\":{\"profile\":\"a\",\"device\":\"b\"}}",
        .invalidQuestion,
        "person"
      ),
    ])
  func places(text: String, code: QuestionFault.Code, path: String) {
    let fault = fault(text)
    #expect(fault?.code == code, "\(String(describing: fault))")
    #expect(fault?.path == path)
  }

  @Test("what was meant is suggested")
  func suggestions() {
    #expect(fault("{\"question\":\"funel\"}")?.message.contains("\"funnel\"") == true)
    #expect(
      fault("{\"question\":\"people\",\"filtr\":1}")?.message.contains("\"filter\"") == true)
    #expect(
      fault("{\"question\":\"people\",\"timezone\":\"Europe/Berln\"}")?.message
        .contains("Europe/Berlin") == true)
  }

  @Test("conditions are no deeper than a filter may be, and a text no longer than a question")
  func limits() {
    let deep =
      "{\"question\":\"people\",\"filter\":" + String(repeating: "{\"not\":", count: 17)
      + "{\"search\":\"a\"}" + String(repeating: "}", count: 18)
    #expect(fault(deep)?.code == .tooMany)
    let deeper = String(repeating: "[", count: 200)
    #expect(fault(deeper)?.code == .invalidJSON)
    let long = String(repeating: " ", count: AnyQuestion.maximumBytes + 1)
    #expect(fault(long)?.code == .tooMany)
    #expect(fault("{\"question\":\"people\",\"question\":\"people\"}")?.code == .invalidJSON)
  }
}
