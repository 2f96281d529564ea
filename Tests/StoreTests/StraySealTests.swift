import Events
import Platform
import Sections
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Strays in packs") struct StraySealTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }

  /// Imports: fresh ids for events of years ago, in no order.
  private func strays(_ numbers: Range<UInt64>, says text: String = "") -> [Event] {
    numbers.map { number in
      var event = event(
        number, says: text + "\(number)", cts: 1_750_000_000_000 + Int64(number) * 86_400_000)
      event.id = id(number, milliseconds: 1_800_000_000_000 - Int64(number * 7919 % 1_000_000))
      return event
    }
  }

  @Test("a stray that comes again is a repeat, one that says something else a conflict")
  func verdicts() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch(strays(0..<200)))
    _ = try await store.seal()
    _ = try await store.commit(try batch(strays(200..<300)))
    _ = try await store.seal()
    for start in [0, 200] as [UInt64] {
      let section = try #require(
        store.hot.existing("acme")?.sealed.first { $0.place.rowCount > 0 })
      #expect(try section.open().directory.strays != .unknown)
      let again = try await store.commit(try batch(strays(start..<start + 100)))
      #expect(again.accepted == 0 && again.duplicates == 100)
    }
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 0)
    let other = try await store.commit(try batch(strays(250..<305, says: "other ")))
    #expect(other.accepted == 5 && other.duplicates == 50)
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 50)
  }

  @Test("a stray is found by its id, with its record")
  func events() async throws {
    let store = try await openStore(path)
    let all = strays(0..<100)
    _ = try await store.commit(try batch(all))
    _ = try await store.seal()
    let project = try #require(store.hot.existing("acme"))
    for event in all {
      let found = try #require(SealedIDs.event(event.id, of: project))
      let record = found.record
      #expect(try Event(record: record.span).id == event.id)
    }
    #expect(SealedIDs.event(id(5), of: project) == nil)
  }
}
