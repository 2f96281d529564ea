import Events
import Platform
import Sections
import TestSupport
import Testing

@testable import Store

@Suite("Retention") struct RetentionTests {
  private let scratch = Scratch()
  private var path: String { scratch.path + "/store.db" }
  private static let now: Int64 = 1_800_000_000_000
  private static let day: Int64 = 86_400_000

  private func open() async throws(StoreError) -> Store {
    var configuration = Store.Configuration(path: path)
    configuration.mergeBytesPerSecond = 0
    return try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Fixture.threads,
      onFailure: { Issue.record("the disk failed: \($0)") })
  }

  /// One event every six hours of the last 200 days, some in the skew family.
  private func events(_ numbers: Range<UInt64>, offset: Int64 = 0) -> [Event] {
    numbers.map { number in
      let cts =
        number % 90 == 7
        ? 1_000_000_000 + Int64(number) : Self.now - Int64(number) * Self.day / 4 + offset
      var event = event(number, says: "\(number % 10)", cts: cts)
      event.id = id(number, milliseconds: number % 90 == 8 ? Self.now : cts)
      return event
    }
  }

  @Test("what is older than a project keeps goes from answers and packs, and does not come back")
  func expire() async throws {
    var store = try await open()
    let all = events(0..<800)
    for start in stride(from: 0, to: 800, by: 100) {
      _ = try await store.commit(try batch(Array(all[start..<start + 100])))
      _ = try await store.commit(try batch(Array(all[start..<start + 100]), project: "beta"))
      _ = try await store.seal()
    }
    let watermark = Self.now - 100 * Self.day
    let kept = Set(all.filter { $0.cts >= watermark }.map(\.id))
    try await store.tend(keepingSince: ["acme": watermark])
    #expect(Set(try await store.ids(of: "acme")) == kept)
    #expect(try await store.ids(of: "beta").count == 800)
    // Late copies of what has gone are refused, those of what is there are met.
    let late = try await store.commit(try batch(all))
    #expect(late.accepted == 0 && late.duplicates == kept.count)
    #expect(late.rejected.count == 800 - kept.count)
    #expect(late.rejected.allSatisfy { $0.code == "expired" })
    // A copy whose time was put right, on the other side of the watermark.
    let border = all.filter { $0.cts < watermark && $0.cts >= watermark - Self.day / 2 }
    let moved = border.map { event in
      var event = event
      event.cts += Self.day * 3 / 4
      return event
    }
    #expect(!moved.isEmpty)
    #expect(try await store.commit(try batch(moved)).accepted == 0)
    // The watermark does not fall, and a restart knows it.
    store = try await open()
    try await store.tend(keepingSince: ["acme": watermark - 10 * Self.day])
    #expect(Set(try await store.ids(of: "acme")) == kept)
    #expect(try await store.commit(try batch(all)).accepted == 0)
    #expect(try await store.ids(of: "beta").count == 800)
  }

  @Test("an id far from its event's time outlives its row, whatever else its section has")
  func strays() async throws {
    let store = try await open()
    let start = try #require(Window(of: Self.now - 100 * Self.day).range?.lowerBound)
    let watermark = start + 10 * Self.day
    var stray = event(1, cts: watermark - 3_600_000)
    stray.id = id(1, milliseconds: Self.now - 5 * Self.day)
    var near = event(2, cts: watermark + Self.day)
    near.id = id(2, milliseconds: near.cts)
    _ = try await store.commit(try batch([stray, near]))
    _ = try await store.seal()
    try await store.tend(keepingSince: ["acme": watermark])
    #expect(try await store.ids(of: "acme") == [near.id])
    // Its time was put right meanwhile, to the other side.
    stray.cts = watermark + 3_600_000
    let late = try await store.commit(try batch([stray]))
    #expect(late.accepted == 0 && late.duplicates == 1)
    await store.scrubNow()
    #expect(store.sealed.sectionsAside == 0)
  }

  @Test("whole windows are in no answer as soon as the watermark is raised")
  func windows() async throws {
    let store = try await open()
    let all = events(0..<400).filter { $0.cts > 1_700_000_000_000 }
    _ = try await store.commit(try batch(all))
    _ = try await store.seal()
    let edge = try #require(Window(of: Self.now - 40 * Self.day).range?.lowerBound)
    _ = try await store.writer.raise(["acme": edge])
    #expect(
      Set(try await store.ids(of: "acme")) == Set(all.filter { $0.cts >= edge }.map(\.id)))
  }

  @Test("a store that ends between the watermark and the rows goes on with both")
  func killed() async throws {
    var store = try await open()
    let all = events(0..<400)
    _ = try await store.commit(try batch(all))
    _ = try await store.seal()
    let watermark = Self.now - 37 * Self.day
    _ = try await store.writer.raise(["acme": watermark])
    store = try await open()
    #expect(try await store.commit(try batch(all)).accepted == 0)
    #expect(try await store.merger.expire() == 1)
    let kept = Set(all.filter { $0.cts >= watermark }.map(\.id))
    #expect(Set(try await store.ids(of: "acme")) == kept)
    #expect(try await store.merger.expire() == 0)
  }
}
