import Testing

@testable import Sections

@Suite("Windows") struct WindowTests {
  @Test("a window holds exactly the times that are its own, month after month for a century")
  func months() {
    var month: Int32 = 0
    var start: Int64 = 0
    while month < 1_200 {
      let range = Window.month(month).range
      #expect(range?.lowerBound == start)
      let end = range?.upperBound ?? start
      #expect((28...31).contains((end - start) / 86_400_000))
      #expect(Window(of: start) == .month(month))
      #expect(Window(of: end - 1) == .month(month))
      start = end
      month += 1
    }
    // 2070-01-01T00:00Z.
    #expect(start == 3_155_760_000_000)
  }

  @Test("the last time that an id can have has a window")
  func last() {
    #expect(Window(of: 1 << 48 - 1).range?.contains(1 << 48 - 1) == true)
  }
}
