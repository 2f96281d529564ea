import TestSupport
import Testing

@testable import Calendar

@Suite("Files of time zones") struct TZifTests {
  @Test("all versions say what was written into them", arguments: UInt64(0)..<60)
  func agreesWithModel(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var file = ZoneFileModel()
    file.version = try #require([0, 0x32, 0x33, 0x34].randomElement(using: &random))
    file.initial = .random(in: -89_999...93_599, using: &random)
    let span: ClosedRange<Int64> = file.version == 0 ? -2_000_000...2_000_000 : -1 << 40...1 << 40
    let times = Set(
      (0..<Int.random(in: 0...20, using: &random)).map { _ in
        Int64.random(in: span, using: &random)
      })
    for time in times.sorted() {
      // Few offsets, so that some entries change nothing.
      file.changes.append((time, [0, 3600, 5400, -12_345].randomElement(using: &random) ?? 0))
    }
    let zone = try Zone(file)
    for _ in 0..<200 {
      let near = times.randomElement(using: &random) ?? 0
      let seconds = near + .random(in: -2...2, using: &random)
      let expected = file.changes.last { $0.at <= seconds }?.offset ?? file.initial
      #expect(
        zone.offsetMilliseconds(at: Instant(milliseconds: seconds * 1000))
          == Int64(expected) * 1000)
      #expect(
        zone.offsetMilliseconds(at: Instant(milliseconds: seconds * 1000 + 999))
          == Int64(expected) * 1000)
    }
    // What changes nothing is no change.
    var expected: [Zone.Change] = []
    var before = Int64(file.initial) * 1000
    for change in file.changes where Int64(change.offset) * 1000 != before {
      let instant = Instant(milliseconds: change.at * 1000)
      let after = Int64(change.offset) * 1000
      expected.append(
        Zone.Change(
          instant: instant, offsetMillisecondsBefore: before, offsetMilliseconds: after))
      before = after
    }
    let always = Instant(milliseconds: .min)..<Instant(milliseconds: .max)
    #expect(zone.changes(in: always, limit: 100) == expected)
  }

  @Test("slim and fat files say the same, and the padding of fat ones is no change")
  func fat() throws {
    for name in ["America/Los_Angeles", "Asia/Gaza", "Asia/Tehran", "Australia/Lord_Howe"] {
      let slim = try Fixtures.slim.zone(named: name)
      let fat = try Fixtures.fat.zone(named: name)
      // This edition's slim file of Gaza does not know what the fat one says of 2073 and later.
      let end = name == "Asia/Gaza" ? "2073" : "2500"
      let range = try instant("1800-01-01T00:00:00Z")..<instant(end + "-01-01T00:00:00Z")
      let changes = try #require(slim.changes(in: range, limit: 10_000))
      #expect(fat.changes(in: range, limit: 10_000) == changes)
      #expect(changes.allSatisfy { $0.offsetMilliseconds != $0.offsetMillisecondsBefore })
    }
    let padded = ZoneFileModel(initial: 60, changes: [(0, 3600), (2_147_483_647, 3600)])
    let zone = try Zone(padded)
    #expect(zone.change(after: .epoch) == nil)
  }

  @Test("a file that is cut at any byte is refused", arguments: ["Asia/Gaza", "Etc/GMT+12"])
  func cut(name: String) throws {
    let bytes = try Fixtures.bytes("slim/" + name)
    for end in bytes.indices {
      let part = Array(bytes[..<end])
      #expect(throws: TZif.Problem.self) { try Zone(name: name, file: part.span) }
    }
    let old = ZoneFileModel(version: 0, changes: [(5, 60)]).bytes
    for end in old.indices {
      let part = Array(old[..<end])
      #expect(throws: TZif.Problem.self) { try Zone(name: name, file: part.span) }
    }
  }

  @Test("a flipped bit is refused or is another zone, and never a trap")
  func flipped() throws {
    for name in ["slim/Asia/Gaza", "slim/America/Nuuk", "fat/Africa/Monrovia"] {
      let whole = try Fixtures.bytes(name)
      for place in 0..<(whole.count * 8) {
        var bytes = whole
        bytes[place / 8] ^= 1 << (place % 8)
        guard let zone = try? Zone(name: name, file: bytes.span) else { continue }
        #expect(zone.offsetsAreBounded)
        let now = try instant("2100-05-03T10:42:17Z")
        let hour = Bucket.hour.start(of: now, in: zone)
        #expect(hour <= now && now < Bucket.hour.next(after: hour, in: zone))
        let day = Bucket.day.start(of: now, in: zone)
        #expect(day <= now && now < Bucket.day.next(after: day, in: zone))
      }
    }
  }

  @Test("what cannot be right is refused by its reason")
  func refused() throws {
    let problem = { (bytes: [UInt8]) -> TZif.Problem? in
      do throws(TZif.Problem) {
        _ = try Zone(name: "Test", file: bytes.span)
        return nil
      } catch { return error }
    }
    let good = ZoneFileModel(changes: [(5, 60), (9, 120)], footer: "UTC0").bytes
    #expect(problem(good) == nil)
    #expect(problem([]) == .truncated(at: 0))
    #expect(problem(Array("# Version 2025b, a text that is no zone at all".utf8)) == .notAZone)
    #expect(problem([UInt8](repeating: 0x41, count: 65_537)) == .tooLarge(byteCount: 65_537))
    #expect(problem(good + [0x0A]) == .invalid(at: good.count))
    #expect(problem(ZoneFileModel(version: 0x35).bytes) == .unknownVersion(0x35))
    #expect(problem(ZoneFileModel(leapCount: 2).bytes) == .countsLeapSeconds)
    for (changes, initial) in [
      ([(5, 0), (5, 60)], 0), ([(5, 0), (4, 60)], 0), ([(5, 93_600)], 0), ([], -93_600),
      ([(5, Int32.min)], 0),
    ] as [([(at: Int64, offset: Int32)], Int32)] {
      let file = ZoneFileModel(initial: initial, changes: changes)
      guard case .invalid = problem(file.bytes) else {
        Issue.record("\(changes) was taken")
        continue
      }
    }
    guard case .invalidRule = problem(ZoneFileModel(footer: "PST8PDT").bytes) else {
      Issue.record("a rule without dates was taken")
      return
    }
  }

  @Test("changes before and behind all instants are how things begin, and never come")
  func bigBang() throws {
    let file = ZoneFileModel(
      initial: 7, changes: [(.min, 60), (-1 << 59, 120), (1 << 59, 180), (.max, 240)])
    let zone = try Zone(file)
    for milliseconds in [Int64.min, 0, .max] {
      #expect(zone.offsetMilliseconds(at: Instant(milliseconds: milliseconds)) == 120_000)
    }
    #expect(zone.change(after: Instant(milliseconds: .min)) == nil)
  }
}
