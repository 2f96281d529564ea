import Query
import Sections

/// What a pass comes to.
enum SeriesOutcome: Sendable {
  case counted(SeriesTally)
  /// There are more groups than the pass may have, but all events are remembered, thread by thread.
  case remembered([RememberedEvents])
  case tooMany
}

extension Attempt {
  /// Counts; nil where there are more groups than the pass may have.
  func tally(_ pass: SeriesPass) async throws(KernelFailure) -> SeriesTally? {
    guard case .counted(let tally) = try await outcome(of: pass) else { return nil }
    return tally
  }

  func outcome(of pass: SeriesPass) async throws(KernelFailure) -> SeriesOutcome {
    let plan = pass.plan
    guard plan.pieces.count > 0 else { return .counted(SeriesTally(plan, pieces: 0)) }
    let isMeant = sections.map { section in
      (plan.filters + [plan.assignment].compactMap { $0 }).contains { filter in
        !filter.times.isEmpty && filter.times.lowerBound <= section.directory.times.upperBound
          && section.directory.times.lowerBound < filter.times.upperBound
      }
    }
    guard let rollups = SeriesRollups(pass) else { return try await outcome(ofRows: pass, isMeant) }
    guard let tally = try await tally(rollups, isMeant) else { return .tooMany }
    return .counted(tally)
  }

  func outcome(
    ofRows pass: SeriesPass, _ isMeant: [Bool]
  ) async throws(KernelFailure) -> SeriesOutcome {
    let (sections, budget) = (sections, budget)
    let rows = pass.rowCount(of: sections, where: isMeant) / max(1, threads.count)
    let parts: [(tally: SeriesTally, remembered: RememberedEvents?)?]
    if pass.knowsPeople {
      let everyone = !pass.plan.scope.kinds.isDisjoint(with: .operations)
      let people = PeopleSteps(
        sections, try await ordinals(everyone: everyone), where: isMeant)
      let visits = SeriesVisits(pass)
      parts = try await threads.run(steps: people.count, within: budget) {
        steps throws(KernelFailure) in
        if let visits {
          var counter = VisitCounter(visits, people)
          while let step = try steps.next() { try counter.count(step: step) }
          return (counter.tally, nil)
        }
        let worker = SeriesWorker(pass, sections, people, budget, rows: rows)
        while let step = try steps.next() {
          guard try worker.count(step: step) else { return nil }
        }
        return (worker.tally, worker.remembered)
      }
    } else {
      let scans = ScanSteps(pass, sections, where: isMeant)
      parts = try await threads.run(steps: scans.steps.count, within: budget) {
        steps throws(KernelFailure) in
        let worker = SeriesWorker(pass, sections, nil, budget, rows: rows)
        while let step = try steps.next() {
          guard try worker.count(scans.steps[step]) else { return nil }
        }
        return (worker.tally, worker.remembered)
      }
    }
    let found = parts.compactMap { $0 }
    guard found.count == parts.count else { return .tooMany }
    if !pass.isOverfull { return .counted(Self.sum(found.map(\.tally), pass)) }
    let remembered = found.compactMap(\.remembered)
    return remembered.count == parts.count ? .remembered(remembered) : .tooMany
  }

  /// Counts what another pass has remembered.
  func tally(
    of events: [RememberedEvents], _ pass: SeriesPass
  ) async throws(KernelFailure) -> SeriesTally {
    let (sections, budget) = (sections, budget)
    let parts = try await threads.run(steps: events.count, within: budget) {
      steps throws(KernelFailure) in
      let worker = SeriesWorker(pass, sections, nil, budget)
      while let step = try steps.next() { worker.count(events[step]) }
      return worker.tally
    }
    return Self.sum(parts, pass)
  }

  static func sum(_ parts: [SeriesTally], _ pass: SeriesPass) -> SeriesTally {
    var sum = SeriesTally(pass.plan, pieces: pass.pieces)
    sum.reserve(groups: pass.groupCount)
    for part in parts { sum.add(part) }
    sum.markCounted()
    return sum
  }
}
