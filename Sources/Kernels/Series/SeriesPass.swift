import Query
import Sections

/// What a pass needs to know besides its plan.
struct SeriesPass: Sendable {
  let plan: SeriesPlan
  let grouping: Grouping
  /// Only totals of the first series, for the sizes of groups.
  let isSizing: Bool
  let numbers: ValueNumbers
  let tuples: GroupTuples?
  /// By filter: whether it goes by heads.
  let isByHeads: [Bool]
  /// Whether what people are given their groups by is read head by head.
  let assignsByHeads: Bool
  /// By filter: whether its groups have to be marked, since no count of its events tells them.
  let marksGroups: [Bool]

  init(
    plan: SeriesPlan, grouping: Grouping, isSizing: Bool, numbers: ValueNumbers,
    tuples: GroupTuples?
  ) {
    self.plan = plan
    self.grouping = grouping
    self.isSizing = isSizing
    self.numbers = numbers
    self.tuples = tuples
    isByHeads = Self.filtersByHeads(plan)
    assignsByHeads = Self.assignsByHeads(plan)
    let gauges = isSizing ? plan.gaugesOfSeries[0].map { plan.gauges[$0] } : plan.gauges
    marksGroups = plan.filters.indices.map { filter in
      !gauges.contains(SeriesPlan.Gauge(filter: filter, kind: .events))
    }
  }

  /// How the values of groups are numbered.
  var groups: GroupContext {
    var context = GroupContext(numbers: numbers)
    if case .met(_?) = grouping { return context }
    context.numbersAll = true
    return context
  }

  /// Whether people have to be told apart for what is read.
  var knowsPeople: Bool {
    plan.assignment != nil
      || gauges.contains { gauge in
        switch plan.gauges[gauge].kind {
        case .personEvents, .people, .rolling: true
        case .events, .sum, .extremes, .list: false
        }
      }
  }

  var pieces: Int { isSizing ? 1 : plan.pieces.count }

  /// How many groups have been met.
  var groupCount: Int {
    switch grouping {
    case .whole: 1
    case .met: tuples?.count ?? numbers.count
    case .fixed(_, let count, _): count
    }
  }

  /// Whether there are more groups than there may be.
  var isOverfull: Bool {
    guard case .met(let limit?) = grouping else { return false }
    return groupCount > limit + 1
  }

  /// No group has this number or one above; nil where nobody knows.
  var groupLimit: Int? {
    switch grouping {
    case .whole: 1
    case .met(let limit): limit.map { $0 + 2 }
    case .fixed(_, let count, _): count
    }
  }

  /// The gauges that are read.
  var gauges: [Int] {
    isSizing ? plan.gaugesOfSeries[0] : Array(plan.gauges.indices)
  }
}

extension SeriesPass {
  /// How many rows some filter may mean.
  func rowCount(of sections: [Section], where isMeant: [Bool]) -> Int {
    zip(sections, isMeant).reduce(0) { sum, own in
      let (section, isMeant) = own
      guard isMeant else { return sum }
      if isByHeads.contains(false) { return sum + section.rowCount }
      return section.heads.indices.reduce(sum) { sum, head in
        sum + (mayMean(head, of: section) ? section.directory.headRows[head] : 0)
      }
    }
  }

  /// Whether some filter that goes by heads may mean rows of this one.
  func mayMean(_ head: Int, of section: Section) -> Bool {
    zip(plan.filters, isByHeads).contains { filter, isByHeads in
      isByHeads && filter.names(section.heads[head])
        && filter.holdsAll(of: section.directory.times) != nil
    }
  }

  /// Whether some gauge that is read adds up this path.
  func reads(path: Int) -> Bool {
    gauges.contains { gauge in
      switch plan.gauges[gauge].kind {
      case .sum(let own), .extremes(let own), .list(let own): own == path
      case .events, .personEvents, .people, .rolling: false
      }
    }
  }

  /// By filter: whether it goes by the objects of single heads instead of the rows of all. Whatever
  /// it tests and groups by has to be said by names, properties and `ctx`; and a filter that asks
  /// nothing of any event is as quick row by row.
  static func filtersByHeads(_ plan: SeriesPlan) -> [Bool] {
    let paths = plan.question.breakdown?.paths ?? []
    var groupsProperties = false
    // People have their groups whatever those are made of.
    var isPossible = plan.assignment != nil || paths.count <= 1
    for path in paths where plan.assignment == nil {
      switch path.place {
      case .key(.props, _), .key(.ctx, _): groupsProperties = true
      case .field(.name), .field(.kind), .field(.interactive): break
      default: isPossible = false
      }
    }
    return plan.filters.indices.map { number in
      let filter = plan.filters[number]
      guard isPossible, !plan.isRolling[number], filter.test.isOfHeads else { return false }
      var addsUp = false
      for gauge in plan.gauges where gauge.filter == number {
        switch gauge.kind {
        case .sum(let path), .extremes(let path), .list(let path):
          guard case .key(.props, _) = plan.paths[path].place else { return false }
          addsUp = true
        case .events, .personEvents, .people, .rolling: break
        }
      }
      return !filter.isPlain || !filter.names.isEmpty || groupsProperties || addsUp
    }
  }
}
