/// The numbers of a snapshot's people, as `PersonDirectory` has them, by run: for kernels that read rows
/// section by section and have to know the same person again in another one.
package struct PersonOrdinals: Sendable {
  /// A run that does not stand where its person's hash does: it was joined with another one.
  package struct Displaced: Sendable {
    package let person: UInt32
    package let run: PersonDirectory.Run
  }

  /// In the place of a number: nobody asks for this run.
  package static let nobody = UInt32.max

  package let count: Int
  /// By section, by run.
  package let ofRun: [[UInt32]]
  /// The high half of each person's hash, ascending.
  package let highs: [UInt64]
  /// By person.
  package let displaced: [Displaced]

  init(
    _ people: PersonDirectory, _ sections: [Section], joined: JoinedPeople
  ) throws(SectionProblem) {
    var runs: [PersonRuns] = []
    for section in sections { runs.append(try section.runs()) }
    var ofRun = runs.map { [UInt32](repeating: Self.nobody, count: $0.count) }
    var highs: [UInt64] = []
    var displaced: [Displaced] = []
    highs.reserveCapacity(people.count)
    for person in 0..<people.count {
      var high: UInt64 = 0
      for place in people.runs(of: person) {
        let run = people.runs[place]
        let own = runs[Int(run.section)].person(Int(run.run))
        let canonical = joined.isEmpty ? own : joined[own] ?? own
        high = canonical.high
        ofRun[Int(run.section)][Int(run.run)] = UInt32(person)
        if canonical != own { displaced.append(Displaced(person: UInt32(person), run: run)) }
      }
      highs.append(high)
    }
    count = people.count
    self.ofRun = ofRun
    self.highs = highs
    self.displaced = displaced
  }

  /// The first person whose hash is not below this.
  package func first(from high: UInt64) -> Int { Self.first(highs, from: high) }

  /// The people whose hashes are in a range share it in every section, except for displaced runs.
  package static func first(_ highs: [UInt64], from high: UInt64) -> Int {
    var low = 0
    var end = highs.count
    while low < end {
      let middle = (low + end) / 2
      if highs[middle] < high { low = middle + 1 } else { end = middle }
    }
    return low
  }
}
