import Events
import Query
import Sections
import Synchronization

/// The first so many events of those that are met, in the order of (cts, id) one way or the other; ids
/// are looked up only where times do not decide.
struct FirstEvents: Sendable {
  struct Place: Sendable {
    let section: Int
    let row: Int
    let cts: Int64
  }

  let wanted: Int
  let isAscending: Bool
  /// Those that may be among the first.
  private(set) var places: [Place] = []
  private let bound: Bound
  /// So many are worth sorting: twice as many as were left, for all may share one time.
  private var most: Int

  /// How late an event can be and still be among the first, as all know who look for them.
  final class Bound: Sendable {
    fileprivate let time: Atomic<Int64>
    init(isAscending: Bool) { time = Atomic(isAscending ? .max : .min) }
  }

  init(_ wanted: Int, isAscending: Bool, _ bound: Bound) {
    self.wanted = wanted
    self.isAscending = isAscending
    self.bound = bound
    most = 4 * wanted + 1_000
  }

  /// Those of these times that can still be among the first.
  func open(of times: ClosedRange<Int64>) -> ClosedRange<Int64>? {
    let last = bound.time.load(ordering: .relaxed)
    if isAscending {
      return times.lowerBound <= last ? times.lowerBound...min(times.upperBound, last) : nil
    }
    return times.upperBound >= last ? max(times.lowerBound, last)...times.upperBound : nil
  }

  mutating func add(_ place: Place) {
    places.append(place)
    if places.count > most {
      shrink()
      most = max(most, 2 * places.count)
    }
  }

  mutating func add(_ others: FirstEvents) { places += others.places }

  /// Keeps the first so many, and all that share the time of the last of them.
  mutating func shrink() {
    guard places.count >= wanted else { return }
    places.sort { isAscending ? $0.cts < $1.cts : $0.cts > $1.cts }
    let last = places[wanted - 1].cts
    let end = places[wanted...].firstIndex { $0.cts != last } ?? places.count
    places.removeSubrange(end...)
    if isAscending {
      bound.time.min(last, ordering: .relaxed)
    } else {
      bound.time.max(last, ordering: .relaxed)
    }
  }
}
