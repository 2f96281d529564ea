import Testing

@testable import Platform

/// The value; what is made of it at a start is shown beside the programs.
@Suite("Failed ends") struct FailedEndsTests {
  static let now: Int64 = 1_777_889_472_345
  static let minute: Int64 = 60_000

  /// The record after ends at these times, each noted by a process of its own.
  func ends(_ times: [Int64]) -> FailedEnds {
    var ends = FailedEnds()
    for time in times {
      ends.note(time)
      ends.serial += 1
      let read = FailedEnds(slot: ends.slot)
      #expect(read == ends)
      ends = read ?? FailedEnds()
    }
    return ends
  }

  @Test("the third within ten minutes closes the intake, until the first of the three is that old")
  func limit() {
    let (now, minute) = (Self.now, Self.minute)
    #expect(FailedEnds().pause(at: now) == nil)
    #expect(ends([now - 2, now - 1]).pause(at: now) == nil)
    let ends = ends([now - 9 * minute, now - 5 * minute, now - minute])
    #expect(ends.pause(at: now) == .seconds(60))
    #expect(ends.pause(at: now + minute - 1) == .milliseconds(1))
    #expect(ends.pause(at: now + minute) == nil)
    #expect(self.ends([now - 11 * minute, now - 2, now - 1]).pause(at: now) == nil)
  }

  @Test("more than there are places for push out the oldest")
  func turns() {
    let times = (0..<50).map { Self.now + Int64($0) * Self.minute }
    let ends = ends(times)
    #expect(ends.times == Array(times.suffix(8)))
    // Of the ends at 42 to 49 minutes the last three lie within ten minutes until 57.
    #expect(ends.pause(at: Self.now + 49 * Self.minute) == .seconds(480))
    #expect(ends.pause(at: Self.now + 57 * Self.minute) == nil)
  }

  @Test("times of the future count as now, and no time traps")
  func clocks() {
    let ahead = ends([Self.now + 1, Self.now + 2, .max])
    for now in [Self.now, 1, 0, -1, .min] as [Int64] {
      #expect(ahead.pause(at: now) != nil)
      #expect(ahead.pause(at: now) ?? .zero <= FailedEnds.window)
    }
    #expect(ahead.count(at: Self.now) == 3)
    for now in [Int64.max, Self.now] {
      #expect(ends([1, 2, 3]).pause(at: now) == nil)
      #expect(ends([.min, 0, -1]).pause(at: now) == nil)
    }
    #expect(ends([.min, 0, -1]).pause(at: .min) == FailedEnds.window)
  }

  @Test("a slot that is cut, torn or of zeros is no record, and never another")
  func damage() {
    let whole = ends([Self.now - 3, Self.now - 2, Self.now - 1]).slot
    #expect(whole.count == FailedEnds.slotSize)
    for end in whole.indices {
      #expect((FailedEnds(slot: Array(whole[..<end])) != nil) == (end >= 84))
    }
    for bit in 0..<(84 * 8) {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(FailedEnds(slot: flipped) == nil)
    }
    #expect(FailedEnds(slot: Array(repeating: 0, count: 512)) == nil)
  }

  @Test("what is forgotten counts no more")
  func forgotten() {
    var ends = ends([Self.now - 3, Self.now - 2, Self.now - 1])
    ends.forget()
    #expect(ends.count(at: Self.now) == 0 && ends.pause(at: Self.now) == nil)
  }
}
