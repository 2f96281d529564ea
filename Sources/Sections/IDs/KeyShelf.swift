import Synchronization

/// Decoded keys that several threads read: those of few sections at a time, as far as there is room.
package final class KeyShelf: Sendable {
  private struct Kept {
    var byteCount = 0
    /// By section, then by extent.
    var keys: [Int: [Int: DecodedKeys]] = [:]
  }

  private let room: Int
  private let kept = Mutex(Kept())

  /// `room`: how many bytes are kept at most.
  package init(room: Int) { self.room = room }

  package var byteCount: Int { kept.withLock { $0.byteCount } }

  /// The keys of an extent of this section; nil where there is no room for them.
  func keys(
    ofExtent extent: Int, of ids: IDSection, section: Int
  ) throws(SectionProblem) -> DecodedKeys? {
    if let known = kept.withLock({ $0.keys[section]?[extent] }) { return known }
    let keys = try DecodedKeys(extent, of: ids)
    return kept.withLock { kept in
      if let known = kept.keys[section]?[extent] { return known }
      if kept.byteCount + keys.byteCount > room, kept.keys.contains(where: { $0.key != section }) {
        // Of sections that others have gone past, most likely.
        kept.keys = kept.keys.filter { $0.key == section }
        kept.byteCount = kept.keys.values.reduce(0) { $1.values.reduce($0) { $0 + $1.byteCount } }
      }
      guard kept.byteCount + keys.byteCount <= room else { return nil }
      kept.byteCount += keys.byteCount
      kept.keys[section, default: [:]][extent] = keys
      return keys
    }
  }
}
