package import Synchronization

/// What the store has let go or turned away since the start.
package final class StoreCounters: Sendable {
  /// Arrivals that found the inbox full.
  package let inboxRefused = Atomic<Int>(0)
  /// Rows that were read and not accepted.
  package let deadLetters = Atomic<Int>(0)
  /// Dead letters that made room for newer ones.
  package let deadLettersEvicted = Atomic<Int>(0)
  /// Epochs under which two collectors were seen for the first time.
  package let forkedEpochs = Atomic<Int>(0)
  /// Conflicts that were counted and of which no sample was kept.
  package let conflictSamplesLeftOut = Atomic<Int>(0)
  /// Operations that would have joined more ids than a person may have, or an id with more profiles.
  package let joinsRefused = Atomic<Int>(0)
}
