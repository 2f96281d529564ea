import Platform
import Synchronization
import Testing

@testable import Events

/// A clock that shows what it is told to show.
final class TestClock: Clock {
  private let wall: Mutex<Int64>
  init(_ milliseconds: Int64) { wall = Mutex(milliseconds) }
  var wallMilliseconds: Int64 { wall.withLock { $0 } }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
  func set(_ milliseconds: Int64) { wall.withLock { $0 = milliseconds } }
}

@Suite("Event ids") struct EventIDTests {
  @Test("text is read in any case and written in lower case")
  func text() throws {
    let id = try #require(EventID("019B8B74-a767-710b-89D1-FA5BC7C51491"))
    #expect(id.description == "019b8b74-a767-710b-89d1-fa5bc7c51491")
    #expect(id.milliseconds == 1_767_571_236_711)
    #expect(EventID(id.description) == id)
  }

  @Test(
    "what is not exactly a UUIDv7 is none",
    arguments: [
      "", "019b8b74a767710b89d1fa5bc7c51491", "{019b8b74-a767-710b-89d1-fa5bc7c51491}",
      "019b8b74-a767-410b-89d1-fa5bc7c51491",  // Version 4.
      "019b8b74-a767-710b-c9d1-fa5bc7c51491",  // Another variant.
      "019b8b74-a767-710b-09d1-fa5bc7c51491", "019b8b74-a767-710b-89d1-fa5bc7c5149",
      "019b8b74-a767-710b-89d1-fa5bc7c514911", "019b8b74-a767-710b-89d1_fa5bc7c51491",
      "019b8b7g-a767-710b-89d1-fa5bc7c51491", "019b8b74-a767-710b-89d1-fa5bc7c5149 ",
      "019b8b74-a767-710b-89d1-fa5bc7c5149é", "00000000-0000-0000-0000-000000000000",
    ])
  func illegal(text: String) { #expect(EventID(text) == nil) }

  @Test("no changed byte of the text gives the same id, and none traps")
  func everyByte() throws {
    let text = Array("019b8b74-a767-710b-89d1-fa5bc7c51491".utf8)
    let parsed = EventID(text: text.span)
    let id = try #require(parsed)
    for index in text.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = text
        changed[index] = byte
        let other = EventID(text: changed.span)
        let upper = (0x41...0x46).contains(byte) && byte | 0x20 == text[index]
        #expect((other == id) == (byte == text[index] || upper))
        let isDigit =
          (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20) && byte > 0x40
        if text[index] != UInt8(ascii: "-"), !isDigit { #expect(other == nil) }
      }
    }
  }

  @Test("ids order as their texts do", arguments: UInt64(0)..<20)
  func order(seed: UInt64) {
    var random = seeded(seed)
    let ids = (0..<100).map { _ in
      EventID(
        milliseconds: Int64.random(in: 0..<4, using: &random),
        chance: (random.next() & 3, random.next() >> UInt64.random(in: 0..<64, using: &random)))
    }
    #expect(ids.sorted().map(\.description) == ids.map(\.description).sorted())
  }

  @Test("times outside 48 bits are held at their ends")
  func clamping() {
    #expect(EventID(milliseconds: -1, chance: (0, 0)).milliseconds == 0)
    #expect(EventID(milliseconds: .max, chance: (0, 0)).milliseconds == EventID.maximumMilliseconds)
  }

  @Test("minted ids only grow, whatever the clock does", arguments: UInt64(0)..<20)
  func monotonic(seed: UInt64) {
    var random = seeded(seed)
    let clock = TestClock(1_767_571_236_711)
    let source = EventIDSource(clock: clock, random: SeededRandom(seed: seed))
    var last = source.next()
    for _ in 0..<20_000 {
      switch Int.random(in: 0..<400, using: &random) {
      case 0: clock.set(clock.wallMilliseconds - Int64.random(in: 0..<100_000, using: &random))
      case 1: clock.set(clock.wallMilliseconds + Int64.random(in: 0..<100, using: &random))
      case 2: clock.set(Int64.random(in: -5..<5, using: &random))
      default: break
      }
      let id = source.next()
      #expect(last < id)
      last = id
    }
  }

  @Test("a clock that stands still lends later milliseconds once its counter is used up")
  func standstill() {
    let source = EventIDSource(clock: TestClock(1_000), random: SeededRandom(seed: 1))
    let ids = (0..<100_000).map { _ in source.next() }
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    #expect(ids.last!.milliseconds < 1_000 + 100_000 / 2_048 + 2)
    let end = EventIDSource(clock: TestClock(.max), random: SeededRandom(seed: 1))
    #expect(Set((0..<10_000).map { _ in end.next() }).count == 10_000)
  }

  @Test("threads that mint at once never mint one id twice")
  func threads() async {
    let source = EventIDSource(clock: TestClock(1_000), random: SystemRandom())
    let all = await withTaskGroup(of: [EventID].self) { group in
      for _ in 0..<4 { group.addTask { (0..<5_000).map { _ in source.next() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(all).count == 20_000)
  }

  @Test("a foreign key makes one id, for its project, vocabulary and time")
  func foreign() throws {
    let acme = try ProjectID("acme-web")
    let other = try ProjectID("acme-app")
    let key = Array("ajs-next-1725-8d1c".utf8)
    let id = EventID(key: key.span, dialect: "segment", project: acme, milliseconds: 1_725)
    // For ever: what a collector sent years ago must meet what is sent again today.
    #expect(id.description == "00000000-06bd-70c3-8d0c-157e4145a91d")
    #expect(id == EventID(key: key.span, dialect: "segment", project: acme, milliseconds: 1_725))
    #expect(id != EventID(key: key.span, dialect: "prism", project: acme, milliseconds: 1_725))
    #expect(id != EventID(key: key.span, dialect: "segment", project: other, milliseconds: 1_725))
    #expect(id.milliseconds == 1_725)
    let undated = EventID(key: key.span, dialect: "segment", project: acme, milliseconds: nil)
    #expect((0..<86_400_000).contains(undated.milliseconds))
    #expect(EventID(undated.description) == undated)
    let request = try #require(IdempotencyKey("r-1"))
    let ids = (0..<50).map {
      EventID(idempotencyKey: request, index: $0, project: acme, milliseconds: nil)
    }
    #expect(Set(ids).count == 50)
  }

  @Test(arguments: [
    ("acme-web", true), ("proj_abc123", true), ("", false), ("Acme", false), ("a b", false),
    ("ä", false), (String(repeating: "a", count: 64), true),
    (String(repeating: "a", count: 65), false), ("a/b", false), ("..", false),
  ])
  func projectIDs(text: String, isLegal: Bool) {
    #expect(((try? ProjectID(text)) != nil) == isLegal)
  }

  @Test(arguments: [
    ("", EventName.Problem.empty), ("a\u{7}", .control(7)), ("\u{7F}", .control(0x7F)),
    (String(repeating: "é", count: 101), .tooLong(utf8Count: 202)),
  ])
  func refusesBadNames(text: String, problem: EventName.Problem) {
    #expect(throws: problem) { try EventName(text) }
  }

  @Test("a name may have 200 bytes of any script")
  func longestName() throws {
    #expect(try EventName(String(repeating: "é", count: 100)).text.utf8.count == 200)
  }

  @Test("an idempotency key is 1 to 256 visible bytes")
  func idempotencyKeys() {
    #expect(IdempotencyKey("") == nil)
    #expect(IdempotencyKey("a b") == nil)
    #expect(IdempotencyKey("a\u{7F}") == nil)
    #expect(IdempotencyKey(String(repeating: "a", count: 257)) == nil)
    #expect(IdempotencyKey(String(repeating: "a", count: 256)) != nil)
  }
}
