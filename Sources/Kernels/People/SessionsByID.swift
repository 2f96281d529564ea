/// The sessions of one person by the keys of the ids that events carry, however they overlap. Keys are
/// spread evenly, and nobody can choose them: their low bits are their places in a table.
@safe package struct SessionsByID: ~Copyable {
  private struct Entry {
    let id: UInt64
    var session: Session
  }

  private var capacity = 32
  /// SAFETY: room for `capacity` entries, of which the first `count` are initialized.
  private var entries: UnsafeMutablePointer<Entry>
  /// Of which entry one more; 0 of none. SAFETY: twice `capacity` of them, so that some are 0.
  private var slots: UnsafeMutablePointer<UInt32>
  /// How many there are; they are in the order of their starts.
  package private(set) var count = 0
  /// The one that was added to last; -1 of none.
  package private(set) var last = -1

  package init() {
    unsafe entries = .allocate(capacity: capacity)
    unsafe slots = .allocate(capacity: 2 * capacity)
    unsafe slots.initialize(repeating: 0, count: 2 * capacity)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe slots.deallocate()
  }

  /// About what they take, their places in the table included.
  package var byteCount: Int { capacity * (MemoryLayout<Entry>.stride + 8) }

  /// A session's next events.
  @inline(__always)
  package mutating func add(_ part: Session, id: UInt64) {
    // Mostly one session goes on.
    if last >= 0, unsafe entries[last].id == id {
      unsafe entries[last].session.add(part)
    } else {
      find(part, id)
    }
  }

  private mutating func find(_ part: Session, _ id: UInt64) {
    var slot = slot(of: id)
    while unsafe slots[slot] != 0 {
      last = unsafe Int(slots[slot]) &- 1
      if unsafe entries[last].id == id { return unsafe entries[last].session.add(part) }
      slot = (slot &+ 1) & (2 &* capacity &- 1)
    }
    if count == capacity {
      grow()
      return find(part, id)
    }
    last = count
    unsafe (entries + last).initialize(to: Entry(id: id, session: part))
    count &+= 1
    unsafe slots[slot] = UInt32(count)
  }

  @inline(__always)
  private func slot(of id: UInt64) -> Int { Int(truncatingIfNeeded: id) & (2 &* capacity &- 1) }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Entry>.allocate(capacity: 2 * capacity)
    unsafe larger.moveInitialize(from: entries, count: count)
    unsafe entries.deallocate()
    unsafe slots.deallocate()
    unsafe entries = larger
    capacity *= 2
    unsafe slots = .allocate(capacity: 2 * capacity)
    unsafe slots.initialize(repeating: 0, count: 2 * capacity)
    for place in 0..<count {
      var slot = unsafe slot(of: entries[place].id)
      while unsafe slots[slot] != 0 { slot = (slot &+ 1) & (2 &* capacity &- 1) }
      unsafe slots[slot] = UInt32(place + 1)
    }
  }

  @inline(__always)
  package func session(_ place: Int) -> Session {
    precondition(place >= 0 && place < count, "no session \(place)")
    return unsafe entries[place].session
  }

  /// The next event is another person's. It takes as long as this one had sessions: slots are emptied
  /// from where an id would be to the next empty one, and all that lie behind it are this person's too.
  package mutating func removeAll() {
    var place = 0
    while place < count {
      var slot = unsafe slot(of: entries[place].id)
      while unsafe slots[slot] != 0 {
        unsafe slots[slot] = 0
        slot = (slot &+ 1) & (2 &* capacity &- 1)
      }
      place &+= 1
    }
    count = 0
    last = -1
  }
}
