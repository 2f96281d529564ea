import Batches
import Events
import Platform
import SQLite
import TestSupport
import Testing

@testable import Store

@Suite("Copies of a store") struct StoreCopyTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }
  var copy: String { scratch.path + "/copy.db" }

  private func catalogue(_ path: String) throws -> StoreCopy.Catalogue {
    var finding: String?
    let catalogue = try StoreCopy.read(path) { finding = $0 }
    #expect(finding == nil)
    return try #require(catalogue)
  }

  @Test("a copy is the moment at which it began, whatever is committed meanwhile")
  func isOneMoment() async throws {
    let store = try await openStore(path)
    for start in UInt64(0)..<20 {
      _ = try await store.commit(try batch((start * 10..<start * 10 + 10).map { event($0) }))
    }
    #expect(try await store.seal() == 200)
    for start in UInt64(20)..<60 {
      _ = try await store.commit(try batch((start * 10..<start * 10 + 10).map { event($0) }))
    }
    let reader = try Database(path: path, configuration: .reader())
    try reader.withSnapshot { () throws(SQLiteError) in
      // Somebody else commits while this one holds its moment.
      let other = try Database(path: path, configuration: .owner(exclusively: false))
      try other.execute("DELETE FROM hot_batch")
      var steps = 0
      let isWhole = try reader.copy(to: copy, pagesPerStep: 2) {
        steps += 1
        return true
      }
      #expect(isWhole && steps > 2)
      #expect(try other.integer("SELECT count(*) FROM hot_batch") == 0)
    }
    let found = try catalogue(copy)
    #expect(found.identity == store.identity && found.events == 600 && found.packs == [1])
    #expect(found.generation == 1)
    let restored = try await openStore(copy)
    #expect(restored.hot.eventCount == 400)
  }

  @Test("a copy can be given up, and a new life begins with its incarnation")
  func life() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch((0..<10).map { event($0) }))
    let reader = try Database(path: path, configuration: .reader())
    let isWhole = try reader.withSnapshot { () throws(SQLiteError) in
      try reader.copy(to: copy, pagesPerStep: 1) { false }
    }
    #expect(!isWhole)
    let second = scratch.path + "/second.db"
    #expect(try StoreCopy.make(of: path, to: second) { true })
    #expect(try StoreCopy.identity(second) == store.identity)
    try StoreCopy.begin(incarnation: 77, in: second)
    #expect(try StoreCopy.identity(second).incarnation == 77)
    let restored = try await openStore(second)
    #expect(restored.identity.id == store.identity.id && restored.identity.incarnation == 77)
    #expect(restored.hot.eventCount == 10)
  }
}

@Suite("Pins") struct PackPinsTests {
  private enum Gone: Error { case never }

  private func unlink(_ pins: PackPins, _ pack: UInt64) -> Bool {
    var isGone = false
    let answer = pins.unlink(pack) { isGone = true }
    #expect(answer == isGone)
    return answer
  }

  @Test("what somebody holds is not unlinked, and afterwards it is")
  func holds() {
    let pins = PackPins()
    #expect(unlink(pins, 1))
    var first: PackHold? = pins.holdAll()
    let second = pins.holdAll()
    #expect(!unlink(pins, 1) && pins.isHeld(9))
    first?.narrow(to: [1, 2])
    second.narrow(to: [2])
    #expect(!unlink(pins, 1) && !unlink(pins, 2) && unlink(pins, 3))
    withExtendedLifetime(first) {}
    first = nil
    #expect(unlink(pins, 1) && !unlink(pins, 2))
    withExtendedLifetime(second) {}
  }
}
