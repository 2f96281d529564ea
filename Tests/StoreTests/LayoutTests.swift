import Events
import TestSupport
import Testing

@testable import Store

@Suite("Laying out hot batches") struct LayoutTests {
  @Test("parts are runs of batches in their order, and bounded where they have several")
  func parts() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      let batches = (0..<Int.random(in: 0...20, using: &random)).map { number in
        WaitingBatch(
          number: Int64(number), rows: .random(in: 1...9, using: &random), dropped: RowSet(rows: 9),
          received: 0)
      }
      let parts = LayoutParts.split(batches, mostRows: 10)
      #expect(parts.flatMap { $0 }.map(\.number) == batches.map(\.number))
      for part in parts {
        #expect(!part.isEmpty && part.reduce(0) { $0 + $1.count } <= 10)
      }
      for (part, next) in zip(parts, parts.dropFirst()) {
        #expect(part.reduce(next.first?.count ?? 0) { $0 + $1.count } > 10)
      }
    }
  }

  @Test("what was committed is in sections soon after a start, before anybody asks")
  func start() async throws {
    let scratch = Scratch()
    let store = try await openStore(scratch.path + "/store.db")
    let projects: [ProjectID] = ["acme", "other"]
    for number in 0..<7 {
      for project in projects {
        let first = UInt64(number * 10_000)
        let events = (first..<first + 10_000).map { event($0, says: "\($0 % 100)") }
        _ = try await store.commit(try batch(events, project: project))
      }
    }
    let restarted = try await openStore(scratch.path + "/store.db")
    for project in projects {
      let hot = restarted.hot.project(project)
      while hot.lastWaiting > .min { try await Task.sleep(for: .milliseconds(1)) }
      for store in [store, restarted] {
        let ids = try await store.ids(of: project)
        #expect(ids.count == 70_000 && Set(ids).count == 70_000)
      }
    }
    #expect(try await restarted.seal() == 140_000)
    #expect(restarted.hot.eventCount == 0)
  }
}
