import Synchronization

/// Which life of its store this collector ships to: known to whoever sends and to whoever says hello.
final class StoreLife: Sendable {
  private let current: Atomic<UInt64>

  init(_ incarnation: UInt64) { current = Atomic(incarnation) }

  var incarnation: UInt64 { current.load(ordering: .acquiring) }

  /// A restored backup has begun another life.
  func begin(_ incarnation: UInt64) { current.store(incarnation, ordering: .releasing) }
}

/// What a hello tells of the store's past (RELIABILITY A9).
enum StoreHistory: Equatable, Sendable {
  /// It has all that it said it had.
  case unbroken
  /// It was set back, and lacks what came after these marks: what is still here is sent again.
  case setBack
  /// An earlier life answers than one that we have met: two aggregators run where one should, and an
  /// operator has to end one of them.
  case outlived(Trouble)
}
