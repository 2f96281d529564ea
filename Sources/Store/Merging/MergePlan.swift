import Events
import Sections

/// Decides which packs become one next. A pure value: the catalogue goes in, a job comes out.
///
/// Eight packs of one level that are neighbours in arrival make one of the next level, three times at
/// most: so a row is rewritten three times in its life, whatever comes. Packs of small projects are
/// merged whole. What a project has in a window leaves them once it weighs more than 8 MB: from then on
/// it has packs of its own, so that the large never drag the small ones along.
package struct MergePlan: Sendable {
  package static let fanIn = 8
  package static let mostMerges = 3
  package static let ownBytes = 8 << 20
  /// A section does not grow beyond this by merging: about a gigabyte.
  package static let mostRows = 32 << 20
  /// One part in so many of a pack that no answer has any more is worth writing it anew.
  package static let deadShare = 4
  /// So long after its end a window's packs are brought together.
  package static let closesAfter: Int64 = 7 * 86_400_000

  package struct Job: Equatable, Sendable {
    /// In the order of arrival.
    package let inputs: [UInt64]
    package let level: Int
    /// Shares that get a pack of their own; all others go together into one.
    package let own: [ShareKey]
  }

  /// The job that is due, nil if none is. `now` is the time of the wall, in milliseconds.
  package static func next(_ packs: [PackFacts], now: Int64) -> Job? {
    var families: [PackFamily: [PackFacts]] = [:]
    for pack in packs.sorted(by: { $0.arrival.lowerBound < $1.arrival.lowerBound })
    where !pack.isFixed && pack.level < mostMerges {
      families[pack.family, default: []].append(pack)
    }
    // The smallest work first: it is what keeps the number of packs down.
    var best: [PackFacts] = []
    for (family, members) in families {
      guard let due = due(members, of: family, now: now) else { continue }
      if best.isEmpty || isBefore(due, best) { best = due }
    }
    return best.isEmpty ? nil : job(best)
  }

  private static func isBefore(_ left: [PackFacts], _ right: [PackFacts]) -> Bool {
    let (a, b) = (left.reduce(0) { $0 + $1.bytes }, right.reduce(0) { $0 + $1.bytes })
    return a != b ? a < b : left[0].number < right[0].number
  }

  private static func due(
    _ members: [PackFacts], of family: PackFamily, now: Int64
  ) -> [PackFacts]? {
    for level in 0..<mostMerges {
      var run: [PackFacts] = []
      for pack in members where pack.level == level {
        run.append(pack)
        // In a family of its own every merge makes one section.
        while family != .shared, run.count > 1, rows(run) > mostRows {
          if run.count > fanIn / 2 { return Array(run.dropLast()) }
          run.removeFirst()
        }
        if run.count == fanIn { return run }
      }
    }
    return closing(members, of: family, now: now)
  }

  private static func rows(_ packs: [PackFacts]) -> Int { packs.reduce(0) { $0 + $1.rows } }

  /// Once a window is over, what is left of it comes together; rows that come later wait until they weigh
  /// an eighth of what they are joined to.
  private static func closing(
    _ members: [PackFacts], of family: PackFamily, now: Int64
  ) -> [PackFacts]? {
    guard case .own(let key) = family, let end = key.window.range?.upperBound,
      now >= end + closesAfter, members.count > 1
    else { return nil }
    var run: [PackFacts] = []
    for pack in members {
      if run.count == fanIn || rows(run) + pack.rows > mostRows {
        if isWorthIt(run) { return run }
        run = []
      }
      run.append(pack)
    }
    return isWorthIt(run) ? run : nil
  }

  private static func isWorthIt(_ run: [PackFacts]) -> Bool {
    guard run.count > 1, let largest = run.map(\.bytes).max() else { return false }
    return run.reduce(0) { $0 + $1.bytes } - largest >= largest / fanIn
  }

  private static func job(_ packs: [PackFacts]) -> Job {
    var bytes: [ShareKey: Int] = [:]
    for share in packs.lazy.flatMap(\.shares) { bytes[share.key, default: 0] += share.bytes }
    let own = bytes.filter { $0.value > ownBytes }.keys.sorted {
      $0.project.text != $1.project.text
        ? $0.project.text < $1.project.text : $0.window < $1.window
    }
    return Job(
      inputs: packs.map(\.number), level: (packs.map(\.level).max() ?? 0) + 1, own: own)
  }
}
