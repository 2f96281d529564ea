/// Which events of one millisecond fill which steps: one for each, and the earliest in their order,
/// from the first step on. Some of the events may have to be among them.
///
/// Steps can be filled, and events be used, at the same time if each is possible for itself (Mendelsohn
/// and Dulmage); so two matchings tell whether a choice can be completed.
struct TiedAssignment {
  private(set) var events: [(step: Int, ordinal: Int64)] = []

  /// Nil where there is none.
  init?(_ tied: [TiedEvent], to steps: UInt32, with needed: [Bool]) {
    var open = steps
    var free = [Bool](repeating: true, count: tied.count)
    guard Self.isPossible(tied, free, needed, open) else { return nil }
    while open != 0 {
      let step = open.trailingZeroBitCount + 1
      open &= open - 1
      for (place, event) in tied.enumerated() where free[place] && event.fits(step) {
        free[place] = false
        if Self.isPossible(tied, free, needed, open) {
          events.append((step, event.ordinal))
          break
        }
        free[place] = true
      }
    }
  }

  private static func isPossible(
    _ tied: [TiedEvent], _ free: [Bool], _ needed: [Bool], _ open: UInt32
  ) -> Bool {
    let unused = tied.indices.filter { free[$0] }
    let remaining = unused.filter { needed[$0] }
    return matching(unused.map { tied[$0].steps & open }) == open.nonzeroBitCount
      && matching(remaining.map { tied[$0].steps & open }) == remaining.count
  }

  /// How many events can have a step each, by augmenting paths.
  private static func matching(_ events: [UInt32]) -> Int {
    var owners = [Int?](repeating: nil, count: 32)
    return events.indices.count { event in
      var visited: UInt32 = 0
      return place(event, events, &owners, &visited)
    }
  }

  private static func place(
    _ event: Int, _ events: [UInt32], _ owners: inout [Int?], _ visited: inout UInt32
  ) -> Bool {
    var choices = events[event]
    while choices != 0 {
      let step = choices.trailingZeroBitCount
      choices &= choices - 1
      guard visited & (1 << UInt32(step)) == 0 else { continue }
      visited |= 1 << UInt32(step)
      if let owner = owners[step], !place(owner, events, &owners, &visited) { continue }
      owners[step] = event
      return true
    }
    return false
  }
}
