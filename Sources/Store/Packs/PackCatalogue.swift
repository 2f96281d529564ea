import Synchronization

/// The packs that answers are made of, and those that merges have replaced and whose files are still there.
package final class PackCatalogue: Sendable {
  /// A file that was replaced.
  struct Retired: Sendable {
    let number: UInt64
    /// The time of the wall, in milliseconds.
    let since: Int64
    /// Held by questions that began before; nil in a later run.
    weak let pack: Pack?
  }

  private struct Live {
    let pack: Pack
    let facts: PackFacts
  }

  private struct State {
    var live: [UInt64: Live] = [:]
    var retired: [UInt64: Retired] = [:]
  }

  private let state = Mutex(State())

  func add(_ pack: Pack) {
    let facts = pack.facts
    state.withLock { $0.live[pack.header.number] = Live(pack: pack, facts: facts) }
  }

  func add(_ retired: Retired) { state.withLock { $0.retired[retired.number] = retired } }

  /// These are in no answer any more.
  func retire(_ numbers: [UInt64], at time: Int64) {
    state.withLock { state in
      for number in numbers {
        let pack = state.live.removeValue(forKey: number)?.pack
        state.retired[number] = Retired(number: number, since: time, pack: pack)
      }
    }
  }

  func forget(retired number: UInt64) { state.withLock { $0.retired[number] = nil } }

  func pack(_ number: UInt64) -> Pack? { state.withLock { $0.live[number]?.pack } }

  /// What there is to merge; packs of `fixed` stay as they are.
  func facts(fixed: Set<UInt64>) -> [PackFacts] {
    state.withLock { state in
      state.live.values.map { live in
        let facts = live.facts
        guard fixed.contains(facts.number) else { return facts }
        return PackFacts(
          number: facts.number, arrival: facts.arrival, level: facts.level, shares: facts.shares,
          isFixed: true)
      }
    }
  }

  var live: [Pack] { state.withLock { $0.live.values.map(\.pack) } }

  var retired: [Retired] {
    state.withLock { $0.retired.values.sorted { $0.number < $1.number } }
  }

  /// How many packs answers are made of, and how many replaced ones are still there.
  package var counts: (live: Int, retired: Int) {
    state.withLock { ($0.live.count, $0.retired.count) }
  }
}
