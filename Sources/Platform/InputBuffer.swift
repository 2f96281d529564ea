/// Bytes that arrived and are not consumed yet: one array with a window that moves through it.
package struct InputBuffer: Sendable {
  package private(set) var storage: [UInt8] = []
  /// Where the unconsumed bytes lie in `storage`.
  package private(set) var window = 0..<0

  package init() {}

  package var count: Int { window.count }
  package var isEmpty: Bool { window.isEmpty }

  /// Steps over bytes that are done with.
  package mutating func consume(_ count: Int) {
    precondition(count <= window.count, "consuming more than there is")
    let start = window.lowerBound + count
    window = start == window.upperBound ? 0..<0 : start..<window.upperBound
  }

  /// A copy of the first bytes, which are consumed.
  package mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(storage[window.lowerBound..<(window.lowerBound + count)])
    consume(count)
    return taken
  }

  /// Adds bytes behind those that are there.
  package mutating func append(_ bytes: some Collection<UInt8>) {
    makeRoom(for: bytes.count)
    var next = window.upperBound
    for byte in bytes {
      storage[next] = byte
      next += 1
    }
    window = window.lowerBound..<next
  }

  /// Lends room for at least `count` bytes to `body`, which says how many it filled.
  package mutating func fill(
    atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
  ) -> Int {
    makeRoom(for: count)
    let start = window.upperBound
    // SAFETY: the lent bytes are the free end of the array, and are bytes already.
    let filled = unsafe storage.withUnsafeMutableBytes { buffer in
      unsafe body(UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
    }
    precondition(filled >= 0 && filled <= storage.count - start, "more filled than lent")
    window = window.lowerBound..<(start + filled)
    return filled
  }

  /// Gives the memory back if nothing is waiting in it: an idle connection keeps none.
  package mutating func releaseIfEmpty() { if window.isEmpty { storage = [] } }

  /// Parts with the memory, for another buffer to use. Nothing may be waiting in it.
  mutating func takeRoom() -> [UInt8] {
    precondition(window.isEmpty, "bytes are waiting")
    defer { storage = [] }
    return storage
  }

  /// Takes memory over that another buffer parted with.
  mutating func use(_ room: [UInt8]) {
    precondition(storage.isEmpty, "there is room already")
    storage = room
  }

  private mutating func makeRoom(for count: Int) {
    if storage.count - window.upperBound >= count { return }
    if window.lowerBound > 0 {
      storage.replaceSubrange(0..<window.count, with: Array(storage[window]))
      window = 0..<window.count
    }
    let missing = window.upperBound + count - storage.count
    if missing > 0 {
      // Doubling keeps the cost of growing linear in what arrives.
      storage.append(contentsOf: repeatElement(0, count: max(missing, storage.count)))
    }
  }
}
