package import Events
package import Sections

/// What a plan of merges has to know of a live pack.
package struct PackFacts: Equatable, Sendable {
  /// One project's rows of one window.
  package struct Share: Equatable, Sendable {
    package let key: ShareKey
    package let rows: Int
    package let bytes: Int

    package init(_ key: ShareKey, rows: Int, bytes: Int) {
      self.key = key
      self.rows = rows
      self.bytes = bytes
    }
  }

  package let number: UInt64
  /// The first and the last seal whose rows it has: seals are numbered in the order of arrival.
  package let arrival: ClosedRange<UInt64>
  /// How often its rows were merged.
  package let level: Int
  package let shares: [Share]
  /// It stays as it is: a section of it is damaged, or it is in hand.
  package let isFixed: Bool

  package init(
    number: UInt64, arrival: ClosedRange<UInt64>, level: Int, shares: [Share],
    isFixed: Bool = false
  ) {
    self.number = number
    self.arrival = arrival
    self.level = level
    self.shares = shares
    self.isFixed = isFixed
  }

  package var rows: Int { shares.reduce(0) { $0 + $1.rows } }
  package var bytes: Int { shares.reduce(0) { $0 + $1.bytes } }

  /// Large shares have packs of their own once they were merged; all else lies together.
  package var family: PackFamily {
    guard level > 0, shares.count == 1, shares[0].bytes > MergePlan.ownBytes else { return .shared }
    return .own(shares[0].key)
  }
}

/// A project and a window: what one section is of.
package struct ShareKey: Hashable, Sendable {
  package let project: ProjectID
  package let window: Window

  package init(_ project: ProjectID, _ window: Window) {
    self.project = project
    self.window = window
  }
}

/// Packs that are merged with each other.
package enum PackFamily: Hashable, Sendable {
  case shared
  case own(ShareKey)
}
