/// The sleepers of a loop and its next sweep over sources that have deadlines.
struct TimerQueue {
  private struct Entry {
    let deadline: UInt64
    let id: UInt64
  }

  /// A binary heap, the earliest deadline first. Cancelled sleepers stay until their time comes, or
  /// until they are the most of it.
  private var heap: [Entry] = []
  private var sleepers: [UInt64: Waiter] = [:]
  /// Reserved, and cancelled before the sleeper was even added.
  private var cancelledEarly: Set<UInt64> = []
  private var reserved: Set<UInt64> = []
  private var lastID: UInt64 = 0
  private var nextSweep = UInt64.max

  /// Deadlines are met this late at most, so that many of them share one sweep.
  private static let sweepGranularity: UInt64 = 250_000_000

  mutating func reserve() -> UInt64 {
    lastID += 1
    reserved.insert(lastID)
    return lastID
  }

  /// Files a sleeper. Says whether it was cancelled already (then it is not kept), and whether it is
  /// now the first to wake.
  mutating func add(
    _ id: UInt64, _ deadline: UInt64, _ sleeper: Waiter
  ) -> (isCancelled: Bool, isFirst: Bool) {
    reserved.remove(id)
    if cancelledEarly.remove(id) != nil { return (true, false) }
    sleepers[id] = sleeper
    push(Entry(deadline: deadline, id: id))
    return (false, heap[0].id == id)
  }

  /// The sleeper to resume now, if it was asleep.
  mutating func cancel(_ id: UInt64) -> Waiter? {
    if reserved.contains(id) { cancelledEarly.insert(id) }
    let sleeper = sleepers.removeValue(forKey: id)
    if heap.count > 64, heap.count > 2 * sleepers.count { forgetCancelled() }
    return sleeper
  }

  /// A sorted array is a heap too.
  private mutating func forgetCancelled() {
    heap.removeAll { sleepers[$0.id] == nil }
    heap.sort { $0.deadline < $1.deadline }
  }

  /// The places taken, for tests.
  var size: Int { heap.count }

  /// True if the loop has to wake earlier than it planned.
  mutating func scheduleSweep(at deadline: UInt64) -> Bool {
    let rounded = deadline == .max ? .max : deadline + Self.sweepGranularity
    guard rounded < nextSweep else { return false }
    nextSweep = rounded
    return true
  }

  private var earliest: UInt64 { min(nextSweep, heap.first?.deadline ?? .max) }

  func isDue(at now: UInt64) -> Bool { earliest <= now }

  mutating func takeDue(
    at now: UInt64
  ) -> (sleepers: [Waiter], mustSweep: Bool) {
    var due: [Waiter] = []
    while let first = heap.first, first.deadline <= now {
      pop()
      if let sleeper = sleepers.removeValue(forKey: first.id) { due.append(sleeper) }
    }
    let mustSweep = nextSweep <= now
    if mustSweep { nextSweep = .max }
    return (due, mustSweep)
  }

  /// How long the kernel may wait: rounded up, so that a loop never wakes just before its time.
  func milliseconds(until now: UInt64) -> Int32 {
    let earliest = earliest
    if earliest == .max { return -1 }
    if earliest <= now { return 0 }
    return Int32(min((earliest - now + 999_999) / 1_000_000, 3_600_000))
  }

  // MARK: The heap

  private mutating func push(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func pop() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].deadline < heap[smallest].deadline { smallest = child }
      }
      guard smallest != parent else { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
