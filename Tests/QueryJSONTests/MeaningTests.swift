import Calendar
import JSON
import Query
import Testing

@testable import QueryJSON

@Suite("What a question's text means") struct MeaningTests {
  private static let days30 = try? TimeRange.ofQuestion(from: nil, to: nil, now: noon)

  private func people(_ text: String, _ context: QuestionContext? = nil) throws -> PeopleQuestion {
    let bytes = Array(text.utf8)
    let read = try AnyQuestion(parsing: bytes.span, in: context ?? surroundings())
    guard case .people(let question) = read else { throw QuestionFault(.wrongType, at: "", "") }
    return question
  }

  private func times(_ text: String, _ context: QuestionContext? = nil) throws -> [String] {
    let scope = try people(text, context).scope
    return [scope.range.lowerBound, scope.range.upperBound].map { scope.zone.rfc3339($0) }
  }

  @Test("without a range it is the last 30 days, by the project's clocks")
  func projectClocks() throws {
    let zones = ZoneFiles()
    let berlin = QuestionContext(
      now: noon, zone: try zones.zone(named: "Europe/Berlin"), weekStart: .sunday, zones: zones)
    let question = try people("{\"question\":\"people\"}", berlin)
    #expect(question.scope.zone.name == "Europe/Berlin")
    #expect(question.scope.weekStart == .sunday)
    #expect(
      try times("{\"question\":\"people\"}", berlin)
        == ["2026-02-09T00:00:00.000+01:00", "2026-03-11T00:00:00.000+01:00"])
    #expect(try people("{\"question\":\"people\",\"timezone\":\"UTC\"}", berlin).scope.zone == .utc)
  }

  @Test("the last hours are hours that pass, the last days are days of the calendar")
  func last() throws {
    #expect(
      try times("{\"question\":\"people\",\"last\":\"24h\"}")
        == ["2026-03-09T12:00:00.000Z", "2026-03-10T12:00:00.000Z"])
    #expect(
      try times("{\"question\":\"people\",\"last\":\"1d\"}")
        == ["2026-03-10T00:00:00.000Z", "2026-03-11T00:00:00.000Z"])
    #expect(
      try times("{\"question\":\"people\",\"last\":\"1w\"}")
        == ["2026-03-04T00:00:00.000Z", "2026-03-11T00:00:00.000Z"])
  }

  @Test("a date as an end is still inside, an instant is not")
  func ends() throws {
    #expect(
      try times(
        "{\"question\":\"people\",\"from\":\"2026-01-01\",\"to\":\"2026-01-31\"}")
        == ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"])
    #expect(
      try times(
        "{\"question\":\"people\",\"from\":1773144000000,\"to\":\"2026-03-10T13:00:00Z\"}")
        == ["2026-03-10T12:00:00.000Z", "2026-03-10T13:00:00.000Z"])
  }

  @Test("what is short stands for what is long")
  func short() throws {
    let pairs = [
      (
        "{\"question\":\"series\",\"series\":[\"events\"],\"breakdown\":\"name\"}",
        "{\"question\":\"series\",\"series\":[{\"measure\":\"events\"}],\"breakdown\":{\"by\":[\"name\"],\"limit\":25,\"assign\":\"event\"}}"
      ),
      (
        "{\"question\":\"people\",\"of\":\"a\",\"filter\":[{\"search\":\"x\"}]}",
        "{\"question\":\"people\",\"of\":{\"event\":[\"a\"]},\"filter\":{\"and\":[{\"search\":{\"op\":\"contains\",\"value\":\"x\"}}]}}"
      ),
      (
        "{\"question\":\"sessions\",\"session\":\"session_id\",\"bounce\":\"ga4\"}",
        "{\"question\":\"sessions\",\"session\":{\"by\":\"session_id\",\"idle\":\"30m\",\"cap\":\"1d\"},\"bounce\":{\"ga4\":{}}}"
      ),
      (
        "{\"question\":\"funnel\",\"steps\":[\"a\"],\"subject\":\"session\",\"held\":null}",
        "{\"question\":\"funnel\",\"steps\":[{\"event\":\"a\",\"optional\":false}],\"subject\":{\"session\":\"gaps\"},\"window\":\"2w\"}"
      ),
    ]
    for (short, long) in pairs { #expect(try question(short) == question(long)) }
  }

  @Test("property values are the groups of a series, and the live are visitors of five minutes")
  func shorthands() throws {
    let scope = Scope(try #require(Self.days30))
    #expect(
      try question(
        "{\"question\":\"property_values\",\"property\":\"ctx.country\",\"prefix\":\"D\"}")
        == .series(.values(of: PropertyPath("ctx.country"), startingWith: "D", in: scope)))
    #expect(try question("{\"question\":\"live\"}") == .visitors(.live(at: noon, in: scope)))
  }
}
