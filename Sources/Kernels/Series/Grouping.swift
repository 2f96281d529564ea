import Sections

/// How the rows of a pass are put into groups.
enum Grouping: Sendable {
  case whole
  /// By the numbers that values get when they are met; more groups than the limit end the pass.
  case met(limit: Int?)
  /// By a table of numbers; what it does not have is the group `rest`.
  case fixed([UInt32], count: Int, rest: UInt32)

  func group(ofNumber number: UInt32) -> UInt32 {
    guard case .fixed(let table, _, let rest) = self else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }

  /// The groups of those that are chosen, by place like their values.
  func groups(
    of values: BlockBuffer<GroupNumber>, _ chosen: ChosenObjects, into groups: BlockBuffer<UInt32>
  ) {
    precondition(chosen.count <= RowList.capacity, "too many rows")
    switch self {
    case .fixed(let table, _, let rest):
      Self.look(up: table.span, rest, values, chosen, into: groups)
    case .met, .whole: Self.copy(values, chosen, into: groups)
    }
  }

  private static func look(
    up table: Span<UInt32>, _ rest: UInt32, _ values: BlockBuffer<GroupNumber>,
    _ chosen: ChosenObjects, into groups: BlockBuffer<UInt32>
  ) {
    // SAFETY: checked before; places are below every buffer's capacity.
    let (places, source, target) = unsafe (chosen.places.start, values.start, groups.start)
    var index = 0
    while index < chosen.count {
      let place = Int(unsafe places[index])
      let number = Int(unsafe source[place].known)
      unsafe target[place] = number < table.count ? table[number] : rest
      index &+= 1
    }
  }

  private static func copy(
    _ values: BlockBuffer<GroupNumber>, _ chosen: ChosenObjects, into groups: BlockBuffer<UInt32>
  ) {
    // SAFETY: as above.
    let (places, source, target) = unsafe (chosen.places.start, values.start, groups.start)
    var index = 0
    while index < chosen.count {
      let place = Int(unsafe places[index])
      unsafe target[place] = unsafe source[place].known
      index &+= 1
    }
  }
}

extension GroupNumber {
  /// The same, and none where there is no value.
  @inline(__always)
  var known: UInt32 { isAbsent ? ValueNumbers.none : number }
}
