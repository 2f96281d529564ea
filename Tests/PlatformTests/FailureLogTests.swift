import Testing

@testable import Platform

@Suite("Failures of the disk, kept over restarts") struct FailureLogTests {
  static let now: Int64 = 1_777_889_472_345
  static let minute: Int64 = 60_000

  /// The file after failures at these times, each noted by a process of its own.
  func file(_ times: [Int64]) -> [UInt8] {
    var bytes = FailureLog.emptyBytes
    for time in times {
      var log = FailureLog(bytes)
      let (slot, offset) = log.note(at: time)
      bytes.replaceSubrange(offset..<(offset + slot.count), with: slot)
      #expect(FailureLog(bytes) == log)
    }
    return bytes
  }

  @Test("the third within ten minutes closes the intake, until ten minutes after the last")
  func limit() {
    let (now, minute) = (Self.now, Self.minute)
    #expect(FailureLog().remaining(at: now) == nil)
    #expect(FailureLog(file([now - 2, now - 1])).remaining(at: now) == nil)
    let log = FailureLog(file([now - 9 * minute, now - 5 * minute, now - minute]))
    #expect(log.remaining(at: now) == .seconds(540))
    #expect(log.remaining(at: now + minute - 1) != nil)
    #expect(log.remaining(at: now + minute) == nil)
    #expect(FailureLog(file([now - 11 * minute, now - 2, now - 1])).remaining(at: now) == nil)
  }

  @Test("more than there are slots for push out the oldest")
  func turns() {
    let times = (0..<50).map { Self.now + Int64($0) * Self.minute }
    let log = FailureLog(file(times))
    #expect(log.remaining(at: Self.now + 49 * Self.minute) == FailureLog.span)
    #expect(log.remaining(at: Self.now + 60 * Self.minute) == nil)
  }

  @Test("times from a clock that was set back do not count, and no time traps")
  func clocks() {
    let ahead = file([Self.now + 1, Self.now + 2, .max])
    #expect(FailureLog(ahead).remaining(at: Self.now) == nil)
    #expect(FailureLog(ahead).remaining(at: .min) == nil)
    #expect(FailureLog(file([1, 2, 3])).remaining(at: .max) == nil)
  }

  @Test("a file that is cut, torn or of zeros has fewer failures, and never others")
  func damage() {
    let whole = file([Self.now - 3, Self.now - 2, Self.now - 1])
    for end in whole.indices {
      let log = FailureLog(Array(whole[..<end]))
      #expect((log.remaining(at: Self.now) != nil) == (end >= 44))
    }
    for bit in 0..<(12 * 8) {
      var flipped = whole
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(FailureLog(flipped).remaining(at: Self.now) == nil)
    }
    #expect(FailureLog(FailureLog.emptyBytes).isEmpty)
    var log = FailureLog(whole)
    log.clear()
    #expect(log.isEmpty && log.remaining(at: Self.now) == nil)
  }
}
