import Query
import Sections

/// The objects of one head that a filter means, chunk by chunk: for one thread.
final class HeadFilter {
  /// Objects of the chunk that pass.
  private(set) var chosen: ChosenObjects
  private let own = RowList()
  /// All of them have to pass: cheap ones first, since the next is asked of what is left.
  private let tests: [HeadTest]
  /// Nil where all are inside.
  private let times: ClosedRange<Int64>?
  private let mask = Mask()

  /// Nil where no object can pass. `section` is its number in the snapshot.
  init?(
    _ filter: EventFilter, section number: Int, _ chunk: HeadChunk
  ) throws(SectionProblem) {
    let directory = chunk.section.directory
    guard filter.names(directory.heads[chunk.head]), directory.headRows[chunk.head] > 0,
      let isWhole = filter.holdsAll(of: directory.times)
    else { return nil }
    times = isWhole ? nil : filter.times.lowerBound...(filter.times.upperBound - 1)
    let builder = HeadTestBuilder(verdicts: filter.verdicts, section: number, chunk: chunk)
    switch try builder.test(filter.test) {
    case .constant(false): return nil
    case .constant(true): tests = []
    case .test(let made): tests = (made as? CombinedTest)?.conjuncts ?? [made]
    }
    chosen = ChosenObjects(places: own, count: 0)
  }

  @discardableResult
  func load(_ chunk: HeadChunk) throws(SectionProblem) -> Int {
    chosen = chunk.everything
    for test in tests where chosen.count > 0 {
      keep(where: try test.evaluate(chunk, of: chosen))
    }
    let hidden = chunk.section.hidden
    if !hidden.isEmpty, chosen.count > 0 {
      try chunk.findRows()
      for index in 0..<chosen.count {
        let place = Int(chosen.places[index])
        mask[place] = hidden.contains(Int(chunk.rows[place])) ? 0 : 1
      }
      keep(where: mask)
    }
    if let times, chosen.count > 0 {
      chosen = try chunk.keep(chosen, timesIn: times, into: own)
    }
    return chosen.count
  }

  private func keep(where mask: Mask) {
    let count = BlockLoops.keep(chosen.places, 0..<chosen.count, where: mask, into: own)
    chosen = ChosenObjects(places: own, count: count)
  }
}

extension EventFilter {
  /// Whether all of these times are the filter's; nil where none is.
  func holdsAll(of times: ClosedRange<Int64>) -> Bool? {
    guard !self.times.isEmpty, self.times.lowerBound <= times.upperBound,
      times.lowerBound < self.times.upperBound
    else { return nil }
    return self.times.lowerBound <= times.lowerBound && times.upperBound < self.times.upperBound
  }
}
