import Query

/// Makes one walk of each session: codes of stations, without repetitions in a row.
package struct PathWalker: ~Copyable {
  package enum Anchor: Sendable { case sessionStart, from, to }

  package struct Station: Equatable, Sendable {
    package var code: UInt32
    package var time: Int64

    package init(code: UInt32, time: Int64) {
      self.code = code
      self.time = time
    }
  }

  private let anchor: Anchor
  private let depth: Int
  /// A ring where walks end at their anchor, for then the last stations count.
  private var ring = InlineArray<20, Station>(repeating: Station(code: 0, time: 0))
  private var count = 0
  private var isAnchored = false
  private var last: UInt32?

  package init(_ anchor: Anchor, depth: Int) {
    precondition(PathsQuestion.depths.contains(depth))
    self.anchor = anchor
    self.depth = depth
  }

  /// The next station of the session.
  @inline(__always)
  package mutating func add(_ station: Station, isAnchor: Bool) {
    switch anchor {
    case .sessionStart: if count == depth { return }
    case .from:
      if count == depth { return }
      if !isAnchored {
        guard isAnchor else { return }
        isAnchored = true
      }
    case .to:
      if isAnchored { return }
      isAnchored = isAnchor
    }
    if last == station.code { return }
    last = station.code
    ring[count % depth] = station
    count &+= 1
  }

  /// Lends the walk, if the session is one, and forgets it.
  package mutating func endSession(_ body: (Span<Station>) -> Void) {
    defer {
      count = 0
      isAnchored = false
      last = nil
    }
    guard count > 0, anchor == .sessionStart || isAnchored else { return }
    let length = min(count, depth)
    var walk = InlineArray<20, Station>(repeating: Station(code: 0, time: 0))
    for place in 0..<length { walk[place] = ring[(count - length + place) % depth] }
    body(walk.span.extracting(0..<length))
  }
}
