import Query
import Sections

/// What people are given their groups by, read head by head: the values at the paths of a breakdown
/// that goes by the first or the last value of each person.
final class HeadAssignment {
  let chunk: HeadChunk
  private let filter: HeadFilter
  private var props: [ObjectValues<GroupColumn>?] = []
  private var shared: [ObjectValues<GroupColumn>?] = []

  /// Nil where no object of the head has a value.
  init?(
    _ pass: SeriesPass, _ section: Section, number: Int, head: Int, in room: HeadChunk.Room
  ) throws(SectionProblem) {
    guard let assignment = pass.plan.assignment, assignment.names(section.heads[head]),
      assignment.holdsAll(of: section.directory.times) != nil
    else { return nil }
    chunk = try HeadChunk(head, of: section, in: room)
    guard let filter = try HeadFilter(assignment, section: number, chunk) else { return nil }
    self.filter = filter
    for path in pass.plan.question.breakdown?.paths ?? [] {
      var own: (props: ObjectValues<GroupColumn>?, shared: ObjectValues<GroupColumn>?)
      switch path.place {
      case .key(.props, let keys): own.props = try ObjectValues(props: keys, chunk, pass.groups)
      case .key(.ctx, let keys): own.shared = try ObjectValues(ctx: keys, chunk, pass.groups)
      default: preconditionFailure("people are not assigned by \(path) head by head")
      }
      props.append(own.props)
      shared.append(own.shared)
    }
    if props.allSatisfy({ $0 == nil }) && shared.allSatisfy({ $0 == nil }) { return nil }
  }

  /// Goes to other objects: those that are meant.
  func load(_ objects: Range<Int>) throws(SectionProblem) -> ChosenObjects {
    chunk.load(objects)
    try filter.load(chunk)
    return filter.chosen
  }

  /// The values at a path, by place; nil where there are none.
  func values(
    ofPath path: Int, of chosen: ChosenObjects
  ) throws(SectionProblem) -> BlockBuffer<GroupNumber>? {
    if props[path] != nil {
      try props[path]?.load(chunk.objects)
      return props[path]?.values
    }
    guard shared[path] != nil else { return nil }
    let values = BlockBuffer<GroupNumber>(repeating: .absent)
    try chunk.forEachShared(of: chosen) { (numbers, range) throws(SectionProblem) in
      try shared[path]?.load(numbers)
      guard let own = shared[path]?.values else { return }
      BlockLoops.gather(
        own, from: numbers.lowerBound, chunk.shared, chosen.places, range, into: values)
    }
    return values
  }
}

extension SeriesPass {
  /// Whether names, properties and `ctx` say which group a person is in.
  static func assignsByHeads(_ plan: SeriesPlan) -> Bool {
    guard let assignment = plan.assignment, assignment.test.isOfHeads else { return false }
    return (plan.question.breakdown?.paths ?? []).allSatisfy { path in
      switch path.place {
      case .key(.props, _), .key(.ctx, _): true
      default: false
      }
    }
  }
}
