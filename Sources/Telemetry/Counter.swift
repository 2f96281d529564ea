import Synchronization

/// A number that only grows. Adding is one atomic instruction, so a handle may be used from any
/// thread, on any path.
package final class Counter: Sendable {
  private let value = Atomic(0)

  package init() {}

  @inline(__always)
  package func add(_ amount: Int = 1) { value.wrappingAdd(amount, ordering: .relaxed) }

  package var current: Int { value.load(ordering: .relaxed) }
}

/// A number that goes up and down: connections, bytes in flight.
package final class Gauge: Sendable {
  private let value = Atomic(0)

  package init() {}

  @inline(__always)
  package func set(_ amount: Int) { value.store(amount, ordering: .relaxed) }

  @inline(__always)
  package func add(_ amount: Int = 1) { value.wrappingAdd(amount, ordering: .relaxed) }

  @inline(__always)
  package func subtract(_ amount: Int = 1) { value.wrappingSubtract(amount, ordering: .relaxed) }

  package var current: Int { value.load(ordering: .relaxed) }
}
