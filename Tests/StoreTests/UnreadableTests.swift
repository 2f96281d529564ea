import Batches
import Events
import Glibc
import Platform
import SQLite
import TestSupport
import Testing

@testable import Store

/// Stored batches that cannot be read back are set aside, and everything else goes on.
@Suite("Unreadable batches") struct UnreadableTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }

  /// Three batches of two, and the second is the one that is hurt.
  private func fill() async throws -> [ArrivedBatch] {
    let noise = SeededRandom(seed: 3)
    let batches = try (0..<3 as Range<UInt64>).map { number in
      // Too large for one page, and no two of them alike.
      let text = (0..<1_500).map { _ in "\(noise.next())" }.joined()
      return try batch(
        [event(number * 10 + 1, says: text), event(number * 10 + 2)],
        at: Stand(number: number + 1, first: number * 2 + 1))
    }
    let store = try await openStore(path)
    for batch in batches { _ = try await store.commit(batch) }
    await store.stop()
    return batches
  }

  private func expectSecondIsAside(
    _ batches: [ArrivedBatch], events: Int? = 2, is reason: String? = nil
  ) async throws {
    var store = try await openStore(path)
    try #require(store.unreadable.count == 1)
    #expect(store.unreadable[0].events == events)
    if let reason { #expect(store.unreadable[0].reason == reason) }
    let seen37 = try await store.ids(of: "acme")
    #expect(Set(seen37) == [id(1), id(2), id(21), id(22)])
    #expect(store.hot.eventCount == 4)
    #expect(try await store.find(id(21), of: "acme")?.0.id == id(21))
    #expect(try await store.find(id(11), of: "acme") == nil)
    // The receipt knows the batch; whoever brings its events by another way is believed, once.
    #expect(try await store.commit(batches[1]).status == .duplicate)
    #expect(store.hot.eventCount == 4)
    #expect(try await store.commit(try batch([event(12), event(21)])).accepted == 1)
    #expect(try await store.commit(try batch([event(12)])).accepted == 0)
    await store.stop()
    let aside = store.unreadable
    store = try await openStore(path)
    #expect(store.unreadable == aside)
    let seen51 = try await store.ids(of: "acme")
    #expect(
      seen51.sorted { $0.low < $1.low } == [id(1), id(2), id(12), id(21), id(22)])
    #expect(try count("SELECT count(*) FROM hot_batch", in: path) == 4)
    await store.stop()
  }

  @Test("no batch is left out because the database cannot be opened for a moment")
  func unopened() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1), event(2)]))
    let project = try #require(store.hot.existing("acme"))
    // Another reader, which finds no file: as one does while the program has too many open.
    let nowhere = scratch.path + "/nowhere/store.db"
    let shelf = BatchShelf(path: nowhere, worker: Fixture.threads.reading, maximumBytes: 0)
    let hands = Fixture.threads.hands.map { LayoutHand(path: nowhere, worker: $0, shelf: shelf) }
    let layout = HotLayout(
      worker: Fixture.threads.layout, hands: hands, merger: hands[0], clock: StillClock())
    await #expect(throws: StoreError.self) { try await layout.layOut(project) }
    #expect(project.unreadable == [])
    #expect(try await store.seal() == 2)
    #expect(try await store.ids(of: "acme").count == 2)
    #expect(try count("SELECT count(*) FROM unreadable_batch", in: path) == 0)
  }

  @Test(
    "whatever is wrong with a row, it is set aside, named and kept",
    arguments: [
      ("bytes = zeroblob(length(bytes))", "malformed"), ("bytes = x''", "malformed"),
      ("project = 'acmf'", "bad_sum"), ("rows = 3", "bad_sum"), ("shift = 1", "bad_sum"),
      ("source = 'c2'", "bad_sum"), ("received = received + 1", "bad_sum"),
      ("duplicates = x'01'", "bad_sum"), ("rejected = x'02'", "bad_sum"), ("sum = 7", "bad_sum"),
      ("sum = NULL, rows = 3", "bad_row"), ("sum = NULL, project = ''", "bad_row"),
    ])
  func damagedRow(change: String, reason: String) async throws {
    let batches = try await fill()
    do {
      let other = try Database(path: path, configuration: .owner(exclusively: false))
      try other.execute(script: "UPDATE hot_batch SET \(change) WHERE number = 2")
    }
    let events = reason == "bad_sum" ? nil : change.contains("rows") ? 3 : 2
    try await expectSecondIsAside(batches, events: events, is: reason)
  }

  @Test("a bit that flips in the file is found, wherever in the batch it was", arguments: 0..<24)
  func flippedBit(round: Int) async throws {
    let batches = try await fill()
    let body = batches[1].bytes
    let place = BatchEnvelope.byteCount + (body.count - BatchEnvelope.byteCount - 1) * round / 23
    try flip(body, at: place, bit: UInt8(round % 8))
    try await expectSecondIsAside(batches)
  }

  @Test("where SQLite itself stumbles over a row, the rows around it are read")
  func brokenChain() async throws {
    let batches = try await fill()
    // The batch goes on in pages that begin with the number of the next one.
    let middle = batches[1].bytes.count / 2
    let piece = Array(batches[1].bytes[middle..<middle + 16])
    let file = try File(path, for: .writing)
    let content = try file.read(1 << 24, at: 0)
    let page = try #require(positions(of: piece, in: content).first) / 4_096 * 4_096
    let broken: [UInt8] = [0x7F, 0xFF, 0xFF, 0xF0]
    try file.write(broken.span, at: page)
    try await expectSecondIsAside(batches, events: nil)
  }

  @Test("what was set aside once stays there, also when it can be read again")
  func stays() async throws {
    let batches = try await fill()
    var body = batches[1].bytes
    try flip(body, at: body.count - 8, bit: 3)
    try await expectSecondIsAside(batches)
    body[body.count - 8] ^= 8
    try flip(body, at: body.count - 8, bit: 3)
    let store = try await openStore(path)
    #expect(store.unreadable.map(\.number) == [2])
    let seen108 = try await store.ids(of: "acme")
    #expect(store.hot.eventCount == 5 && Set(seen108).count == 5)
    await store.stop()
  }

  @Test("a store with nothing but damage takes what comes")
  func onlyDamage() async throws {
    _ = try await fill()
    do {
      let other = try Database(path: path, configuration: .owner(exclusively: false))
      try other.execute(script: "UPDATE hot_batch SET bytes = zeroblob(9)")
    }
    let store = try await openStore(path)
    #expect(store.unreadable.map(\.number) == [1, 2, 3] && store.hot.eventCount == 0)
    #expect(try await store.commit(try batch([event(50)])).accepted == 1)
    let seen122 = try await store.ids(of: "acme")
    #expect(seen122 == [id(50)])
    await store.stop()
  }

  /// Flips a bit of a batch in the file, which has it in pieces, and parts of it also in the unused
  /// space of a page.
  private func flip(_ body: [UInt8], at place: Int, bit: UInt8) throws {
    let file = try File(path, for: .writing)
    let content = try file.read(1 << 24, at: 0)
    let offsets = [place - 15, place - 7, place].flatMap { start -> [Int] in
      let start = min(max(start, 0), body.count - 16)
      let piece = Array(body[start..<(start + 16)])
      return positions(of: piece, in: content).map { $0 + place - start }
    }
    try #require(!offsets.isEmpty)
    for offset in Set(offsets) {
      let flipped: [UInt8] = [content[offset] ^ (1 << bit)]
      try file.write(flipped.span, at: offset)
    }
  }

  private func positions(of piece: [UInt8], in content: [UInt8]) -> [Int] {
    guard content.count >= piece.count else { return [] }
    return (0...(content.count - piece.count)).filter { start in
      content[start] == piece[0] && content[start..<(start + piece.count)].elementsEqual(piece)
    }
  }
}
