import Platform
import Testing

@testable import Spool

@Suite("High-water mark") struct HighWaterMarkTests {
  let epoch = Epoch(high: 0x0102_0304_0506_0708, low: 9)

  func file(_ commits: [Int64]) -> [UInt8] {
    var slots = HighWaterSlots(file: [])
    var file = [UInt8](repeating: 0, count: 1024)
    for commit in commits {
      let offset = slots.takeOffset()
      let mark = HighWaterMark(epoch: epoch, commit: commit, wallMilliseconds: 5)
      file.replaceSubrange(offset..<(offset + 512), with: mark.slot)
    }
    return file
  }

  @Test("the newest of two slots holds, and the next mark goes to the other")
  func newest() {
    #expect(HighWaterSlots(file: []).finding == .none)
    for count in 1...6 {
      var slots = HighWaterSlots(file: file((1...Int64(count)).map { $0 * 10 }))
      let mark = HighWaterMark(epoch: epoch, commit: Int64(count) * 10, wallMilliseconds: 5)
      #expect(slots.finding == .mark(mark))
      #expect(slots.takeOffset() == (count % 2) * 512)
    }
  }

  @Test("a damaged slot leaves the other; two damaged ones are unreadable, at any byte")
  func damage() {
    let whole = file([10, 20])
    for place in 0..<44 {
      var bad = whole
      bad[512 + place] ^= 0x10
      guard case .mark(let mark) = HighWaterSlots(file: bad).finding else {
        Issue.record("no mark")
        continue
      }
      #expect(mark.commit == 10)
      bad[place] ^= 0x10
      #expect(HighWaterSlots(file: bad).finding == .unreadable)
    }
    for length in 1..<44 {
      #expect(HighWaterSlots(file: Array(whole[..<length])).finding == .unreadable)
    }
  }
}

@Suite("Room") struct RoomTests {
  let room = Room(maximumBytes: 1 << 30, maximumLogBytes: 64 << 20, ballastBytes: 64 << 20)

  @Test("seven tenths are yellow, nineteen twentieths red, and so is a full disk or log")
  func levels() {
    let cap = 1 << 30
    let much = 1 << 40
    #expect(room.level(used: cap * 69 / 100, freeOnDisk: much, log: 0) == .green)
    #expect(room.level(used: cap * 71 / 100, freeOnDisk: much, log: 0) == .yellow)
    #expect(room.level(used: cap * 94 / 100, freeOnDisk: much, log: 0) == .yellow)
    #expect(room.level(used: cap * 96 / 100, freeOnDisk: much, log: 0) == .red(.cap))
    #expect(room.level(used: 0, freeOnDisk: 127 << 20, log: 0) == .red(.disk))
    #expect(room.level(used: 0, freeOnDisk: much, log: 65 << 20) == .red(.log))
    #expect(room.level(used: .max, freeOnDisk: much, log: 0) == .red(.cap))
  }

  @Test("the ballast goes when the disk is nearly full and comes back with plenty")
  func ballast() {
    #expect(room.action(freeOnDisk: 31 << 20, hasBallast: true) == .releaseBallast)
    #expect(room.action(freeOnDisk: 33 << 20, hasBallast: true) == .none)
    #expect(room.action(freeOnDisk: 200 << 20, hasBallast: false) == .none)
    #expect(room.action(freeOnDisk: 400 << 20, hasBallast: false) == .allocateBallast)
  }

  @Test("a group that does not fit is known before SQLite is asked")
  func holds() {
    #expect(room.holds(1000, events: 1, used: 0))
    #expect(!room.holds(1 << 20, events: 1, used: (1 << 30) - (1 << 20)))
  }
}
