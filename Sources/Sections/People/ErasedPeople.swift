/// People who were erased, by every id that was theirs: whatever an id did up to this time is in no
/// answer, and does not come back. Whoever comes later under one of the ids is somebody new.
package struct ErasedPeople: Equatable, Sendable {
  package private(set) var until: [PersonHash: Int64] = [:]

  package init() {}

  package var isEmpty: Bool { until.isEmpty }

  package mutating func add(_ person: PersonHash, until time: Int64) {
    until[person] = max(until[person] ?? .min, time)
  }

  /// Whether what this person did at this time is erased.
  package func holds(_ person: PersonHash, at time: Int64) -> Bool {
    guard let until = until[person] else { return false }
    return time <= until
  }

  /// The section's rows of these people. A person's rows stand together, in the order of time.
  package func rows(of section: Section) throws(SectionProblem) -> HiddenRows {
    if isEmpty { return HiddenRows() }
    let runs = try section.runs()
    var ranges: [Range<Int>] = []
    if until.count < runs.count {
      for (person, time) in until {
        guard let run = runs.run(of: person) else { continue }
        ranges.append(try Self.rows(runs.rows(of: run), of: section, until: time))
      }
    } else {
      for run in 0..<runs.count {
        guard let time = until[runs.person(run)] else { continue }
        ranges.append(try Self.rows(runs.rows(of: run), of: section, until: time))
      }
    }
    return HiddenRows(ranges)
  }

  private static func rows(
    _ rows: Range<Int>, of section: Section, until time: Int64
  ) throws(SectionProblem) -> Range<Int> {
    let known = section.directory.times
    if time >= known.upperBound { return rows }
    if time < known.lowerBound { return rows.lowerBound..<rows.lowerBound }
    var times = try section.times()
    var low = rows.lowerBound
    var high = rows.upperBound
    while low < high {
      let middle = (low + high) / 2
      if try times.value(at: middle) <= time { low = middle + 1 } else { high = middle }
    }
    return rows.lowerBound..<low
  }

  /// What a merge leaves out so that nothing of these people is left, besides what is older than
  /// `watermark`.
  package func dropping(before watermark: Int64 = .min) -> RowDropping {
    if isEmpty { return .before(watermark) }
    let until = until
    return RowDropping { person in
      var last = watermark == .min ? nil : watermark - 1
      if let person, let time = until[person] { last = max(last ?? time, time) }
      return last.map { .min...$0 }
    }
  }
}
