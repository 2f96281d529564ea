import Events
import Glibc
import Platform
import TestSupport
import Testing

@testable import Store

/// What the process that dies has said of itself; see `CrashingStore`.
private struct CrashJournal {
  struct Sent: Hashable {
    let project: ProjectID
    let record: [UInt8]
    let cts: Int64
  }

  var acknowledged: [Sent] = []
  /// Nobody can say whether these were taken.
  var unsure: [Sent] = []
  private var waiting: [Sent] = []
  var watermark = Int64.min
  /// Nothing of before the watermark may be left.
  var isEmptied = true

  init(_ path: String) throws {
    let size = try #require(try SystemDisk().size(of: path))
    let text = String(decoding: try SystemDisk().read(path, count: size, at: 0), as: UTF8.self)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words[0] {
      case "s":
        let record = Self.bytes(words[2])
        waiting.append(
          Sent(
            project: try ProjectID(String(words[1])), record: record,
            cts: try Event(record: record.span).cts))
      case "a":
        acknowledged += waiting
        waiting = []
      case "b":
        unsure += waiting
        waiting = []
      case "w":
        watermark = try #require(Int64(words[1]))
        isEmptied = false
      default: isEmptied = true
      }
    }
    unsure += waiting
  }

  private static func bytes(_ hex: Substring) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  var all: [Sent] { acknowledged + unsure }
}

@Suite("A store whose process dies") struct DyingProcessTests {
  private let world = MergingStore()

  /// `TRIBUTARY_CRASH_POINTS=1000` kills more often.
  private static let points: Int = {
    guard let text = unsafe getenv("TRIBUTARY_CRASH_POINTS") else { return 20 }
    return Int(unsafe String(cString: text)) ?? 20
  }()

  /// It is built with the tests, and lies beside them.
  private static let program = Directory(CommandLine.arguments[0]).parent.file("crashing-store")

  @Test(
    "killed at any step, and started again, it has each acknowledged event once",
    arguments: [("seal", 14), ("merge", 26), ("retention", 24)])
  func die(phase: String, steps: Int) async throws {
    try #require(try SystemDisk().size(of: Self.program) != nil, "\(Self.program) is not built")
    var random = SeededGenerator(seed: UInt64(steps))
    for point in 0..<Self.points {
      // Young stores and older ones.
      if point % 5 == 0 { unsafe _ = system("rm -rf \(world.scratch.path)/*") }
      let step = Int.random(in: 1...steps, using: &random)
      let pause = point % 2 == 0 ? 0 : Int.random(in: 1...4_000, using: &random)
      let status = unsafe system(
        "exec \(Self.program) \(world.scratch.path) \(phase) \(step) \(pause)")
      try #require(status & 0x7F == SIGKILL, "\(phase) \(step) \(pause) ended with \(status)")
      world.copy(to: "look.db")
      try await look("\(phase) \(point): step \(step), \(pause) us")
      unsafe _ = system("rm -rf \(world.scratch.path)/look.db*")
    }
  }

  /// Looks at a copy of what was left.
  private func look(_ comment: Comment) async throws {
    let journal = try CrashJournal(world.scratch.path + "/journal")
    let store = try await world.open("look.db", grace: .zero)
    #expect(store.packTroubles == [], comment)
    let must = Set(journal.acknowledged.filter { $0.cts >= journal.watermark })
    var may = Set(journal.all)
    if journal.isEmptied { may = may.filter { $0.cts >= journal.watermark } }
    let found = try await events(store)
    #expect(Set(found).count == found.count, comment)
    #expect(must.isSubset(of: found), comment)
    #expect(Set(found).isSubset(of: may), comment)
    // Everything comes again, as a collector sends it that has heard nothing.
    let kept = Set(journal.all.filter { $0.cts >= journal.watermark })
    for project in ["acme", "beta"] as [ProjectID] {
      let again = try journal.all.filter { $0.project == project }.map {
        try Event(record: $0.record.span)
      }
      if again.isEmpty { continue }
      let outcome = try await store.commit(try batch(again, project: project))
      let missing = kept.subtracting(found).count { $0.project == project }
      if journal.isEmptied { #expect(outcome.accepted == missing, comment) }
    }
    _ = try await store.seal()
    try await store.tend(
      keepingSince: ["acme": journal.watermark, "beta": journal.watermark])
    // A watermark that was raised before has `tend` wait for its hour.
    _ = try await store.merger.expire()
    let last = try await events(store)
    #expect(last.count == kept.count && Set(last) == kept, comment)
    await store.stop()
  }

  private func events(_ store: Store) async throws -> [CrashJournal.Sent] {
    var found: [CrashJournal.Sent] = []
    for project in ["acme", "beta"] as [ProjectID] {
      for record in try await store.records(of: project) {
        found.append(
          CrashJournal.Sent(
            project: project, record: record, cts: try Event(record: record.span).cts))
      }
    }
    return found
  }
}
