import Sections
import Synchronization

/// Extents of packs that were read and checked, as many as fit: what was used last stays.
package final class ExtentCache: Sendable {
  package struct Key: Hashable, Sendable {
    let pack: UInt64
    let section: Int
    let extent: Int
  }

  fileprivate struct Entry {
    let extent: Extent
    /// Looked at since the hand passed.
    var isUsed: Bool
  }

  /// A clock: entries stand in a ring, and what the hand meets unused has to go.
  fileprivate struct State {
    var entries: [Key: Entry] = [:]
    var ring: [Key] = []
    var hand = 0
    var bytes = 0
  }

  private let state = Mutex(State())
  package let maximumBytes: Int

  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  package var byteCount: Int { state.withLock { $0.bytes } }

  subscript(key: Key) -> Extent? {
    get {
      state.withLock { state in
        state.entries[key]?.isUsed = true
        return state.entries[key]?.extent
      }
    }
    set {
      guard let newValue else { return }
      state.withLock { $0.insert(newValue, key, limit: maximumBytes) }
    }
  }

  /// Drops everything: a measurement of what a first look costs.
  package func removeAll() { state.withLock { $0 = State() } }
}

extension ExtentCache.State {
  fileprivate mutating func insert(_ extent: Extent, _ key: ExtentCache.Key, limit: Int) {
    guard entries[key] == nil, extent.byteCount <= limit else { return }
    entries[key] = ExtentCache.Entry(extent: extent, isUsed: true)
    ring.append(key)
    bytes += extent.byteCount
    while bytes > limit {
      if hand >= ring.count { hand = 0 }
      let met = ring[hand]
      if entries[met]?.isUsed == true, met != key || ring.count > 1 {
        entries[met]?.isUsed = false
        hand += 1
        continue
      }
      bytes -= entries.removeValue(forKey: met)?.extent.byteCount ?? 0
      // The last one takes its place: the order of the ring says nothing.
      ring[hand] = ring[ring.count - 1]
      ring.removeLast()
    }
  }
}
