package import Compression
package import Events

/// Makes one section of several of one window, with the rows of all of them in order. No row is lost
/// and none is changed; whoever is a person in more than one of them has one run then.
package struct SectionMerge {
  private var writer: SectionWriter
  private var inputs: [Input] = []

  private struct Input {
    let runs: PersonRuns
    var source: SectionSource
    var run = 0

    var person: PersonHash? { run < runs.count ? runs.person(run) : nil }
  }

  private let secret: ProjectSecret

  /// All sections that are added were made with this secret.
  package init(window: Window, secret: ProjectSecret, seed: UInt64) {
    self.secret = secret
    writer = SectionWriter(window: window, seed: seed)
  }

  package mutating func add(
    _ section: Section, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    let ids = try section.ids(secret.ids).all(section)
    inputs.append(
      Input(
        runs: try section.runs(),
        source: try SectionSource(
          section, ids: ids, mix: secret.ids, into: &writer, decompressor)))
  }

  package consuming func finish(
    project: ProjectID
  ) throws(SectionProblem) -> EncodedSection {
    while let person = nextPerson { try takeRows(of: person) }
    try takeAnonymousRows()
    return writer.finish(project: project, ids: secret.ids)
  }

  private var nextPerson: PersonHash? {
    var next: PersonHash?
    for input in inputs.indices {
      guard let person = inputs[input].person else { continue }
      if next.map({ person < $0 }) ?? true { next = person }
    }
    return next
  }

  private mutating func takeRows(of person: PersonHash) throws(SectionProblem) {
    var open: [(input: Int, end: Int)] = []
    for index in inputs.indices where inputs[index].person == person {
      open.append((index, inputs[index].runs.rows(of: inputs[index].run).upperBound))
      inputs[index].run += 1
    }
    try mergeRows(&open, by: person)
  }

  private mutating func takeAnonymousRows() throws(SectionProblem) {
    var open = inputs.indices.filter { !inputs[$0].source.isAtEnd }
      .map { (input: $0, end: inputs[$0].source.ids.count) }
    try mergeRows(&open, by: nil)
  }

  /// Takes the rows of these inputs up to their ends, by time, then id.
  private mutating func mergeRows(
    _ open: inout [(input: Int, end: Int)], by person: PersonHash?
  ) throws(SectionProblem) {
    while open.count > 1 {
      var best = 0
      var bestTime = try inputs[open[0].input].source.nextTime()
      for candidate in 1..<open.count {
        let time = try inputs[open[candidate].input].source.nextTime()
        let isFirst =
          time != bestTime
          ? time < bestTime
          : inputs[open[candidate].input].source.nextID < inputs[open[best].input].source.nextID
        if isFirst {
          best = candidate
          bestTime = time
        }
      }
      try inputs[open[best].input].source.take(into: &writer, by: person)
      if inputs[open[best].input].source.row == open[best].end { open.remove(at: best) }
    }
    guard let last = open.first else { return }
    while inputs[last.input].source.row < last.end {
      try inputs[last.input].source.take(into: &writer, by: person)
    }
  }
}
