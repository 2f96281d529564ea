import Events
import Testing

@testable import Sections

@Suite("Where an id can be") struct IDRouteTests {
  private let windows: [Range<Int64>] = [
    1_000_000_000..<3_600_000_000, 3_600_000_000..<6_000_000_000, 9_000_000_000..<12_000_000_000,
  ]

  @Test("every id that is no stray is looked for in its row's window")
  func coversAllButStrays() {
    for window in windows {
      for time in [
        window.lowerBound, (window.lowerBound + window.upperBound) / 2, window.upperBound - 1,
      ] {
        for gap in [-IDRoute.reach - 1, -IDRoute.reach, -1, 0, 1, IDRoute.reach, IDRoute.reach + 1]
        {
          let id = EventID(milliseconds: time + gap, chance: (1, 1))
          let found = IDRoute.windows(of: id.milliseconds, among: windows)
          let isThere = found.contains { windows[$0] == window }
          #expect(isThere || IDRoute.isStray(id, time: time))
          #expect(IDRoute.isStray(id, time: time) == (gap.magnitude > IDRoute.reach))
        }
      }
    }
  }

  @Test("an id far from all windows is looked for in none")
  func farAway() {
    #expect(IDRoute.windows(of: 0, among: windows).isEmpty)
    #expect(IDRoute.windows(of: 7_500_000_000, among: windows).isEmpty)
    #expect(IDRoute.windows(of: EventID.maximumMilliseconds, among: windows).isEmpty)
    #expect(IDRoute.windows(of: 3_600_000_000, among: windows) == 0..<2)
  }
}
