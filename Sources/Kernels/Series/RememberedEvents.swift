import Sections

/// Events that one thread has counted, so that they can be counted again in other groups without being
/// looked for again: of a question that means few of many.
struct RememberedEvents: Sendable {
  /// Of one thread: more are looked for again.
  static let most = 1 << 19

  /// Neighbours that one filter means, of the people of one step.
  struct Part: Sendable {
    let filter: Int
    let people: Range<Int>
    let knowsPeople: Bool
    let events: Range<Int>
  }

  private(set) var parts: [Part] = []
  /// By event: the number of its group's value, its piece, and its person, counted from the step's first.
  private(set) var numbers: [UInt32] = []
  private(set) var pieces: [UInt32] = []
  private(set) var people: [UInt32] = []

  var count: Int { numbers.count }
  var byteCount: Int { 12 * count + 48 * parts.count }

  /// Remembers `rows`, of which everything else is known by place.
  mutating func append(
    _ rows: RowList, _ count: Int, _ filter: Int, of block: SeriesBlock,
    _ people: BlockBuffer<UInt32>?, of range: Range<Int>
  ) {
    let first = self.count
    Self.append(block.groupOf, rows, count, to: &numbers)
    Self.append(block.pieceOf, rows, count, to: &pieces)
    Self.append(people ?? block.groupOf, rows, count, to: &self.people)
    parts.append(
      Part(
        filter: filter, people: range, knowsPeople: people != nil,
        events: first..<(first + count)))
  }

  private static func append(
    _ values: BlockBuffer<UInt32>, _ rows: RowList, _ count: Int, to list: inout [UInt32]
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    list.append(addingCapacity: count) { output in
      // SAFETY: checked just now; rows of a list are rows of a block.
      let (values, rows) = unsafe (values.start, rows.start)
      var index = 0
      while index < count {
        output.append(unsafe values[Int(rows[index])])
        index &+= 1
      }
    }
  }
}

/// Remembered events as what a pass counts.
final class RememberedBlock: SeriesBlock {
  private let all = RowList()
  private let values = BlockBuffer<GroupNumber>(repeating: .absent)
  private var filter = 0
  private var chosen: ChosenObjects

  init() {
    BlockLoops.count(into: all)
    chosen = ChosenObjects(places: all, count: 0)
    super.init()
  }

  override func chosen(byFilter number: Int) -> ChosenObjects? { number == filter ? chosen : nil }

  /// Goes to a part, at most 1,024 events long.
  func load(
    _ part: RememberedEvents.Part, of events: RememberedEvents, _ grouping: Grouping,
    people: BlockBuffer<UInt32>
  ) {
    filter = part.filter
    chosen = ChosenObjects(places: all, count: part.events.count)
    for (place, event) in part.events.enumerated() {
      values[place] = GroupNumber(number: events.numbers[event])
      pieceOf[place] = events.pieces[event]
      people[place] = events.people[event]
    }
    grouping.groups(of: values, chosen, into: groupOf)
  }
}

extension SeriesPass {
  /// Whether events can be counted again by what is remembered of them.
  var canRemember: Bool {
    guard case .met(_?) = grouping, plan.assignment == nil else { return false }
    return plan.gauges.allSatisfy { gauge in
      switch gauge.kind {
      case .events, .personEvents, .people: true
      case .rolling, .sum, .extremes, .list: false
      }
    }
  }
}

extension SeriesWorker {
  /// Remembers some events of a block, unless there are too many: by now, or in the end if it goes on so.
  func remember(_ count: Int, _ filter: Int, of block: SeriesBlock, knowsPeople: Bool) {
    guard let known = remembered?.count else { return }
    let isTooMuch =
      known > RememberedEvents.most
      || (looked > 8 * RowList.capacity && known * mostRows > RememberedEvents.most * looked)
    if isTooMuch {
      remembered = nil
    } else {
      remembered?.append(rows, count, filter, of: block, knowsPeople ? personOf : nil, of: people)
    }
  }

  /// Counts what another pass has remembered.
  func count(_ events: RememberedEvents) {
    let block = RememberedBlock()
    var own = -1..<(-1)
    for part in events.parts {
      if part.people != own {
        own = part.people
        startPeople(own)
      }
      block.load(part, of: events, pass.grouping, people: personOf)
      do throws(SectionProblem) {
        try count(block, 0..<part.events.count, knowsPeople: part.knowsPeople)
      } catch {
        preconditionFailure("what is remembered cannot be damaged: \(error)")
      }
    }
  }
}
