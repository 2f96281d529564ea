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
  /// Rows that were not taken because their people were erased.
  package let erasedRows = Atomic<Int>(0)
  package let merges = MergeCounters()
}

/// What merges have done since the start.
package struct MergeCounters: ~Copyable, Sendable {
  /// Merges that were named, the packs that they replaced, and those that they wrote.
  package let done = Atomic<Int>(0)
  package let packsReplaced = Atomic<Int>(0)
  package let packsWritten = Atomic<Int>(0)
  package let bytesRead = Atomic<Int>(0)
  package let bytesWritten = Atomic<Int>(0)
  package let rows = Atomic<Int>(0)
  /// Merges that came to nothing.
  package let failed = Atomic<Int>(0)
  /// Bytes that seals have written: merges are measured against them.
  package let bytesSealed = Atomic<Int>(0)
  /// Packs that were unlinked once nobody could need them any more.
  package let packsUnlinked = Atomic<Int>(0)
  /// Rows that retention has taken out of packs.
  package let rowsExpired = Atomic<Int>(0)
}
