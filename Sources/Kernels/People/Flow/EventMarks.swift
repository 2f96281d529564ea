import Events
package import Query
import Sections

// A mark of an event:
//
//   bit 0...        one for each selector of the question that the event fits
//   bit 61, 62      an act, a view (`EventHead`)
//   bit 63          it is one of the scope's events at all; without it a mark is zero

/// What a question about people asks of each event, compiled: a bit of the event's mark for each answer.
package struct EventMarks: Sendable {
  package static let event: UInt64 = 1 << 63
  package static let view: UInt64 = 1 << 62
  package static let act: UInt64 = 1 << 61
  package static let maximumSelectors = 60

  let scope: EventFilter
  let selectors: [EventFilter]
  /// What filters and values of people's attributes are looked up in.
  let profiles: ProfileSource?
  /// An event is of interest if its mark has one of these bits; others need not be marked.
  package var interest: UInt64 = event

  /// `times`: where the question looks beyond the scope's range; `profiles`: of which nothing can be
  /// asked without.
  package init(
    _ scope: Scope, _ selectors: [EventSelector], times: Range<Int64>? = nil,
    profiles: ProfileSource? = nil
  ) throws(QueryError) {
    guard selectors.count <= Self.maximumSelectors else {
      throw .invalid(.tooMany("kinds of events", limit: Self.maximumSelectors))
    }
    self.profiles = profiles
    self.scope = try EventFilter(scope, times: times, profiles: profiles)
    // What the scope's filter says is asked once for all.
    var open = scope
    open.filter = .everything
    var filters: [EventFilter] = []
    for selector in selectors {
      filters.append(try EventFilter(open, selector, times: .min ..< .max, profiles: profiles))
    }
    self.selectors = filters
  }

  /// Whether heads and times say all.
  package var isPlain: Bool { scope.isPlain && selectors.allSatisfy(\.isPlain) }

  /// By head, what a mark has without a look at the event itself.
  func table(_ heads: [EventHead]) -> [UInt64] {
    heads.map { head in
      guard scope.names(head) else { return 0 }
      var mark = Self.event
      if head.isView { mark |= Self.view }
      if head.isAct { mark |= Self.act }
      for (bit, selector) in selectors.enumerated() where selector.isPlain && selector.names(head) {
        mark |= 1 << UInt64(bit)
      }
      return mark
    }
  }

  /// By head, what a mark may have.
  func possible(_ heads: [EventHead]) -> [UInt64] {
    heads.map { head in
      guard scope.names(head) else { return 0 }
      var mark = Self.event
      for (bit, selector) in selectors.enumerated() where selector.names(head) {
        mark |= 1 << UInt64(bit)
      }
      return mark
    }
  }
}
