import TestSupport
import Testing

@testable import Store

@Suite("Sections that leave memory together") struct SealableSectionsTests {
  @Test(
    "no batch has rows on both sides of the cut, and no earlier cut has enough", arguments: 0..<200)
  func cuts(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    // Parts of neighbouring batches, a section of each window; then merges of any of one window.
    var windows: [[(batches: ClosedRange<Int64>, rows: Int)]] = Array(repeating: [], count: 3)
    var batch: Int64 = 1
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let last = batch + Int64.random(in: 0...3, using: &random)
      for window in windows.indices where Bool.random(using: &random) || window == 0 {
        windows[window].append((batch...last, Int.random(in: 1...100, using: &random)))
      }
      batch = last + Int64.random(in: 1...2, using: &random)
    }
    for window in windows.indices {
      while windows[window].count > 1, Int.random(in: 0..<3, using: &random) == 0 {
        let a = windows[window].remove(at: Int.random(in: windows[window].indices, using: &random))
        let b = windows[window].remove(at: Int.random(in: windows[window].indices, using: &random))
        let first = min(a.batches.lowerBound, b.batches.lowerBound)
        let last = max(a.batches.upperBound, b.batches.upperBound)
        windows[window].append((first...last, a.rows + b.rows))
      }
    }
    let sections = windows.joined().sorted { $0.batches.upperBound < $1.batches.upperBound }
    let wanted = Int.random(in: 0...800, using: &random)
    let expected = (1...sections.count).first { count in
      let (before, behind) = (sections[..<count], sections[count...])
      let isClean = before.allSatisfy { left in
        behind.allSatisfy { left.batches.upperBound < $0.batches.lowerBound }
      }
      return isClean && (count == sections.count || before.reduce(0) { $0 + $1.rows } >= wanted)
    }
    #expect(SealableSections.cut(sections, rows: wanted) == expected)
  }
}
