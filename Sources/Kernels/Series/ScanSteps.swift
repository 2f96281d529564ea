import Sections

/// What a pass reads that does not care whose rows they are, cut into steps: stretches of blocks for
/// filters that go by rows, stretches of objects for those that go by heads.
struct ScanSteps: Sendable {
  enum Step {
    case blocks(section: Int, Range<Int>)
    case objects(section: Int, head: Int, Range<Int>)
  }

  private static let blocksOfStep = 32

  let steps: [Step]

  init(_ pass: SeriesPass, _ sections: [Section], where isMeant: [Bool]) {
    var steps: [Step] = []
    for (number, section) in sections.enumerated() where isMeant[number] {
      if pass.isByHeads.contains(false) {
        Self.forEachStretch(of: section.blockCount, by: Self.blocksOfStep) {
          steps.append(.blocks(section: number, $0))
        }
      }
      for head in section.heads.indices where pass.mayMean(head, of: section) {
        Self.forEachStretch(
          of: section.directory.headRows[head], by: Self.blocksOfStep * Section.blockRows
        ) { steps.append(.objects(section: number, head: head, $0)) }
      }
    }
    self.steps = steps
  }

  private static func forEachStretch(
    of count: Int, by length: Int, _ body: (Range<Int>) -> Void
  ) {
    for start in stride(from: 0, to: count, by: length) {
      body(start..<min(start + length, count))
    }
  }
}
