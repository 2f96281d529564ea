import Calendar
import HTTP
import Platform
import Tenancy
import TestSupport
import Testing

@testable import Aggregator

@Suite("Whose clocks a question goes by") struct QuestionClockTests {
  /// 2026-03-10T12:00:00Z.
  private static let now: Int64 = 1_773_144_000_000

  private func parameters(
    _ query: String, by clocks: QuestionClocks
  ) throws -> QuestionParameters {
    var head = RequestHead()
    let bytes = Array("GET /api/events\(query) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    let outcome = head.parse(bytes.span)
    try #require(outcome == .complete(byteCount: bytes.count))
    return try QuestionParameters(head, now: Self.now, of: "acme", by: clocks)
  }

  /// Clocks of a world whose project keeps this zone.
  private func clocks(
    _ projectZone: String, files: ZoneFiles = ZoneFiles()
  ) async throws -> QuestionClocks {
    let scratch = Scratch()
    defer { withExtendedLifetime(scratch) {} }
    let tenants = try Tenants.open(
      DataFolder(scratch.path), clock: ManualClock(), random: SystemRandom())
    var settings = Project.Settings()
    settings.timeZone = projectZone
    _ = try await tenants.addProject(id: "acme", name: "Acme", settings: settings)
    return QuestionClocks(board: tenants.board, zones: files)
  }

  private func range(_ query: String, by clocks: QuestionClocks) throws -> [String] {
    let parameters = try parameters(query, by: clocks)
    let range = try parameters.range("from", "to")
    return [range.lowerBound, range.upperBound].map { parameters.zone.rfc3339($0) }
  }

  @Test("days are the project's, and those of the zone that a question names")
  func zones() async throws {
    let clocks = try await clocks("America/St_Johns")
    #expect(
      try range("?from=2026-03-08&to=2026-03-08", by: clocks)
        == ["2026-03-08T00:00:00.000-03:30", "2026-03-09T00:00:00.000-02:30"])
    #expect(
      try range("?from=2026-03-08&to=2026-03-08&timezone=Pacific/Kiritimati", by: clocks)
        == ["2026-03-08T00:00:00.000+14:00", "2026-03-09T00:00:00.000+14:00"])
    #expect(
      try range("?from=2026-04-05&to=2026-04-05T12:00:00&timezone=Australia/Lord_Howe", by: clocks)
        == ["2026-04-05T00:00:00.000+11:00", "2026-04-05T12:00:00.000+10:30"])
    #expect(try parameters("?timezone=UTC", by: clocks).zone == .utc)
    #expect(try parameters("?timezone=", by: clocks).zone.name == "America/St_Johns")
  }

  @Test("a name that is none is the question's mistake, and what was meant is said")
  func unknown() async throws {
    let clocks = try await clocks("UTC")
    do {
      _ = try parameters("?timezone=Europe/Berln", by: clocks)
      Issue.record("there is no such zone")
    } catch let problem as QuestionParameters.Problem {
      #expect(problem.parameter == "timezone")
      #expect(problem.message.contains("Europe/Berlin"))
    }
  }

  @Test("where the system has no zones, or not the project's, no other one is taken")
  func missing() async throws {
    let empty = ZoneFiles(Directory(Scratch().path + "/none"))
    let utc = try await clocks("UTC", files: empty)
    #expect(try parameters("", by: utc).zone == .utc)
    for query in ["?timezone=Europe/Berlin", "?timezone=Nowhere"] {
      do {
        _ = try parameters(query, by: utc)
        Issue.record("there are no zones")
      } catch let missing as QuestionClocks.Missing {
        #expect(missing.message.contains("tzdata"))
      }
    }
    for (zone, files) in [("Europe/Berlin", empty), ("Europe/Atlantis", ZoneFiles())] {
      let clocks = try await clocks(zone, files: files)
      #expect(throws: QuestionClocks.Missing.self) { try parameters("", by: clocks) }
    }
  }

  @Test("weeks begin on Monday, or where the question says")
  func weeks() async throws {
    let clocks = try await clocks("UTC")
    #expect(try parameters("", by: clocks).weekStart() == .monday)
    #expect(try parameters("?week_start=sunday", by: clocks).weekStart() == .sunday)
    let wrong = try parameters("?week_start=Sun", by: clocks)
    #expect(throws: QuestionParameters.Problem.self) { try wrong.weekStart() }
  }
}
