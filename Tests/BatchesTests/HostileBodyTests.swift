import Events
import Platform
import Testing

@testable import Batches

@Suite("Hostile bodies") struct HostileBodyTests {
  /// Decodes, and if that works reads every row: nothing of it may trap.
  static func survives(_ body: [UInt8]) -> Bool {
    guard let columns = try? BatchColumns(decoding: body) else { return false }
    let records = columns.records()
    for row in 0..<columns.rowCount {
      _ = columns.payloadHash(at: row)
      guard
        let view = try? EventRecordView(
          records.bytes.span, range: records.range(at: row), checking: false)
      else {
        Issue.record("row \(row) is no record")
        return true
      }
      #expect(view.id == columns.ids[row])
    }
    // What decodes is canonical, so encoding it again decodes to the same records.
    do {
      let again = try BatchBody.encode(records: records.bytes, ends: records.ends)
      #expect(try BatchColumns(decoding: again.bytes).records() == records)
    } catch { Issue.record("what decoded does not encode: \(error)") }
    return true
  }

  @Test("a body cut at any byte is refused")
  func cuts() throws {
    var source = RandomEvents(seed: 11)
    let body = try BatchBody(source.events(12)).bytes
    #expect(Self.survives(body))
    for end in body.indices { #expect(!Self.survives(Array(body[..<end]))) }
    #expect(!Self.survives(body + [0]))
  }

  @Test("random damage is refused or harmless", arguments: UInt64(0)..<20)
  func damage(seed: UInt64) throws {
    var source = RandomEvents(seed: seed)
    let body = try BatchBody(source.events(Int(seed) + 1)).bytes
    for _ in 0..<80 {
      var damaged = body
      for _ in 0..<Int.random(in: 1...4, using: &source.random) {
        let place = Int.random(in: 0..<damaged.count, using: &source.random)
        switch Int.random(in: 0..<4, using: &source.random) {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &source.random)
        case 1: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &source.random)
        case 2: damaged[place] = [0, 1, 0x7F, 0x80, 0xFF][Int(source.random.next() % 5)]
        default: damaged[place] &+= 1
        }
      }
      _ = Self.survives(damaged)
    }
  }

  @Test("a few bytes cannot claim many rows or long records")
  func claims() throws {
    let body = try BatchBody([SampleEvent(props: ["a": .string("b")])]).bytes
    func with(_ offset: Int, _ value: UInt32) -> [UInt8] {
      var changed = body
      for index in 0..<4 {
        changed[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
      return changed
    }
    #expect(throws: BatchProblem.tooLarge(what: "rows", limit: 10_000)) {
      try BatchColumns(decoding: with(0, 10_001))
    }
    #expect(throws: BatchProblem.emptyBatch) { try BatchColumns(decoding: with(0, 0)) }
    #expect(throws: BatchProblem.tooLarge(what: "records", limit: 8 << 20)) {
      try BatchColumns(decoding: with(4, .max))
    }
    #expect(throws: BatchProblem.disagreement(field: "records")) {
      try BatchColumns(decoding: with(4, 1000))
    }
    #expect(throws: BatchProblem.truncated) { try BatchColumns(decoding: with(8, .max)) }
    #expect(throws: BatchProblem.truncated) { try BatchColumns(decoding: with(12, .max)) }
    let tight = BatchLimits(rows: 10, compressedBytes: 1000, plainBytes: body.count - 1)
    #expect(throws: BatchProblem.tooLarge(what: "body", limit: body.count - 1)) {
      try BatchColumns(decoding: body, limits: tight)
    }
  }

  @Test("one long text in every row is refused by the length of the records")
  func amplification() throws {
    let long = String(repeating: "x", count: 100_000)
    let events = (0..<200).map { _ in SampleEvent(props: ["a": .string(long)]) }
    let body = try BatchBody(events)
    #expect(body.bytes.count < 110_000)
    #expect(throws: BatchProblem.tooLarge(what: "records", limit: 8 << 20)) {
      try BatchColumns(decoding: body.bytes)
    }
  }
}

@Suite("Records that are none") struct BadRecordTests {
  static func encode(_ records: [[UInt8]]) throws -> BatchBody {
    var ends: [Int] = []
    for record in records { ends.append((ends.last ?? 0) + record.count) }
    return try BatchBody.encode(records: records.flatMap { $0 }, ends: ends)
  }

  @Test(
    "a damaged record is refused with its row, or comes back as it is", arguments: UInt64(0)..<20)
  func damaged(seed: UInt64) throws {
    var source = RandomEvents(seed: seed)
    let good = source.event().record
    for _ in 0..<80 {
      var bad = source.event().record
      for _ in 0..<Int.random(in: 1...2, using: &source.random) {
        let place = Int.random(in: 0..<bad.count, using: &source.random)
        bad[place] = UInt8.random(in: 0...255, using: &source.random)
      }
      do {
        let body = try Self.encode([good, bad, good])
        let columns = try BatchColumns(decoding: body.bytes)
        #expect(columns.record(at: 1) == bad)
      } catch let problem as BatchProblem {
        #expect(problem == .badRecord(1))
      }
    }
  }

  @Test("keys out of order, keys twice, text that is not UTF-8, doubles that are no numbers")
  func named() throws {
    func record(props: [UInt8]) -> [UInt8] {
      var record = SampleEvent().record
      record.removeLast(10)
      return record + [7, UInt8(props.count), 0, 0, 0] + props + [7, 0, 0, 0, 0]
    }
    let good = record(props: [1, 0x61, 0, 1, 0x62, 0])
    #expect(throws: Never.self) { try Self.encode([good]) }
    let bad: [[UInt8]] = [
      record(props: [1, 0x62, 0, 1, 0x61, 0]), record(props: [1, 0x61, 0, 1, 0x61, 1]),
      record(props: [1, 0xFF, 0]), record(props: [1, 0x61, 5, 1, 0xFF]),
      record(props: [1, 0x61, 4, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F]),
      record(props: [1, 0x61, 3, 0x80, 0]), record(props: [1, 0x61, 6, 1, 0, 0, 0, 9]),
      record(props: [1, 0x61, 8]), record(props: [1, 0x61]), record(props: [0x81, 0, 0x61, 0]),
    ]
    for record in bad {
      #expect(throws: BatchProblem.badRecord(1)) { try Self.encode([good, record]) }
    }
  }
}
