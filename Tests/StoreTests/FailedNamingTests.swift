import Events
import Platform
import SQLite
import TestSupport
import Testing

@testable import Store

/// A commit whose sync failed may be visible to the next opener: files that it names have to be there.
@Suite("Packs whose naming failed") struct FailedNamingTests {
  private let scratch = Scratch()
  private var path: String { scratch.path + "/store.db" }

  private func files() throws -> [String] {
    try Directory(path + "-packs").names().filter { $0.hasSuffix(".pack") }
  }

  /// A trigger is the simplest way to have a statement fail that never does.
  private func refuse(_ isRefused: Bool) throws {
    let other = try Database(path: path, configuration: .owner(exclusively: false))
    try other.execute(
      script: isRefused
        ? """
        CREATE TRIGGER refuse BEFORE INSERT ON pack BEGIN SELECT RAISE(ABORT, 'refused'); END
        """ : "DROP TRIGGER refuse")
  }

  @Test("the file of a seal stays where its commit failed, and the next start has it once")
  func seal() async throws {
    let store = try await openStore(path) { _ in }
    _ = try await store.commit(try batch((0..<50).map { event($0) }))
    try refuse(true)
    await #expect(throws: StoreError.self) { _ = try await store.seal() }
    #expect(try files() == ["1.pack"])
    try refuse(false)
    let next = try await openStore(path)
    #expect(next.packTroubles.isEmpty)
    #expect(try await next.ids(of: "acme").count == 50)
    #expect(try await next.commit(try batch((0..<60).map { event($0) })).accepted == 10)
  }

  @Test("the files of a merge stay where its commit failed, and the next start has each event once")
  func merge() async throws {
    let store = try await openStore(path) { _ in }
    for start in stride(from: 0 as UInt64, to: 80, by: 10) {
      _ = try await store.commit(try batch((start..<start + 10).map { event($0) }))
      _ = try await store.seal()
    }
    try refuse(true)
    await #expect(throws: StoreError.self) { _ = try await store.merge() }
    #expect(try files().contains("9.pack"))
    try refuse(false)
    let next = try await openStore(path)
    #expect(next.packTroubles.isEmpty)
    #expect(next.packFolder.catalogue.counts == (1, 8))
    #expect(try await next.ids(of: "acme").count == 80)
  }
}
