import Calendar
import Events
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Synchronization
import Testing

@testable import Kernels

@Suite("Exports over sections") struct ExportTests {
  private static let paths = [
    "event_id", "cts", "sts", "name", "kind", "interactive", "profile_id", "device_id",
    "session_id", "visitor_id", "source", "props.a", "props.b", "props.in.x", "ctx.a", "any.path",
    "any.a", "visit.browser", "props.nothing",
  ]

  private static func export(_ questions: inout PeopleQuestions) throws -> EventExport {
    let count = Int.random(in: 1...8, using: &questions.random)
    let columns = try (0..<count).map { _ in
      try PropertyPath(paths.randomElement(using: &questions.random) ?? "cts")
    }
    return EventExport(
      try questions.scope(), of: try questions.selector(), columns: columns,
      questions.chance(0.6) ? .oldestFirst : .newestFirst, as: questions.chance(0.5) ? .csv : .json)
  }

  private static func text(
    _ export: EventExport, of snapshot: Snapshot, memory: Int = 256 << 20
  ) async throws -> String {
    let written = Written()
    try await SectionAnswers(PeopleQuestions.threads, clock: StillClock()).write(
      export, from: snapshot, within: Limits(time: .seconds(30), memoryBytes: memory)
    ) { more in
      let copy = Array(more)
      written.bytes.withLock { $0 += copy }
      return true
    }
    return written.bytes.withLock { String(decoding: $0, as: UTF8.self) }
  }

  private final class Written: Sendable { let bytes = Mutex<[UInt8]>([]) }

  @Test("lines are the model's, whatever columns are chosen", arguments: 0..<400)
  func lines(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed)
    for _ in 0..<4 {
      let export = try Self.export(&questions)
      let expected = try questions.history.lines(export)
      let found = try await Self.text(export, of: questions.sealed.snapshot)
      try #require(found.utf8.elementsEqual(expected.utf8), "\(export)")
    }
  }

  @Test("slices of few rows give the same lines", arguments: 0..<40)
  func slices(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed * 40 + 7)
    let export = try Self.export(&questions)
    let expected = try questions.history.lines(export)
    // Room for a thousand rows, at the least for those of one millisecond.
    let found = try await Self.text(export, of: questions.sealed.snapshot, memory: 1 << 20)
    #expect(found.utf8.elementsEqual(expected.utf8))
  }

  @Test("many rows come in parts and slices, and give the same lines", arguments: 0..<16)
  func parts(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed, many: true)
    let export = try Self.export(&questions)
    let expected = try questions.history.lines(export)
    // What is asked of profiles takes the whole way.
    guard let filter = try? EventFilter(export.scope, export.selector) else { return }
    for (rows, bytes) in [(1_024, 4_096), (1 << 20, 1), (100, 1 << 20)] {
      let written = Written()
      let exporter = EventExporter(
        export, of: questions.sealed.snapshot, on: PeopleQuestions.threads,
        within: Budget(.standard, clock: StillClock()), filter, mostRows: rows, partBytes: bytes
      ) { more in
        let copy = Array(more)
        written.bytes.withLock { $0 += copy }
        return true
      }
      _ = try await exporter.write()
      #expect(written.bytes.withLock { $0.elementsEqual(expected.utf8) })
    }
  }

  @Test("who has had enough gets no more")
  func enough() async throws {
    let questions = try PeopleQuestions(seed: 7)
    let export = EventExport(Scope(days(-40, 80)), columns: [PropertyPath(.id)])
    await #expect(throws: QueryError.cancelled) {
      try await SectionAnswers(PeopleQuestions.threads, clock: StillClock())
        .write(export, from: questions.sealed.snapshot) { _ in false }
    }
  }
}
