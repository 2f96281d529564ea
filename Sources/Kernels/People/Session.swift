package import Query

/// One visit, as its events made it.
package struct Session: Equatable, Sendable {
  package var first: Int64
  package var last: Int64
  package var events = 0
  /// Pages and screens.
  package var views = 0
  /// Other events by which somebody did something.
  package var acts = 0
  package var keyEvents = 0
  /// The places of its first and last event, and of its first and last view; -1 where it has none.
  package var firstOrdinal: Int
  package var lastOrdinal: Int
  package var entryOrdinal = -1
  package var exitOrdinal = -1

  @inline(__always)
  package init(_ event: SessionEvent) {
    first = event.time
    last = event.time
    firstOrdinal = event.ordinal
    lastOrdinal = event.ordinal
    add(event)
  }

  /// Without any ordinal.
  @inline(__always)
  package init(first: Int64, last: Int64, events: Int, views: Int, acts: Int, keyEvents: Int = 0) {
    self.first = first
    self.last = last
    self.events = events
    self.views = views
    self.acts = acts
    self.keyEvents = keyEvents
    firstOrdinal = 0
    lastOrdinal = 0
  }

  /// What follows.
  @inline(__always)
  package mutating func add(_ later: Session) {
    last = later.last
    events &+= later.events
    views &+= later.views
    acts &+= later.acts
    keyEvents &+= later.keyEvents
    lastOrdinal = later.lastOrdinal
    if entryOrdinal < 0 { entryOrdinal = later.entryOrdinal }
    if later.exitOrdinal >= 0 { exitOrdinal = later.exitOrdinal }
  }

  @inline(__always)
  package mutating func add(_ event: SessionEvent) {
    last = event.time
    lastOrdinal = event.ordinal
    events &+= 1
    if event.isView {
      views &+= 1
      if entryOrdinal < 0 { entryOrdinal = event.ordinal }
      exitOrdinal = event.ordinal
    } else if event.isAct {
      acts &+= 1
    }
    if event.isKey { keyEvents &+= 1 }
  }

  /// As many as there can be of sessions by id whose times are absurd.
  package var milliseconds: Int64 {
    let (length, overflow) = last.subtractingReportingOverflow(first)
    return overflow ? .max : length
  }

  @inline(__always)
  package func state(by test: BounceRule.Test) -> BounceState {
    switch test {
    case .oneView:
      if views == 0 { return .notCounted }
      return views == 1 && acts == 0 ? .bounced : .stayed
    case .ga4:
      let isEngaged =
        milliseconds >= BounceRule.engagedMilliseconds || keyEvents > 0 || views >= 2
      return isEngaged ? .stayed : .bounced
    case .singleEvent: return events == 1 ? .bounced : .stayed
    }
  }
}

/// What sessions look at in an event.
package struct SessionEvent: Equatable, Sendable {
  package var time: Int64
  package var ordinal: Int
  /// A page or a screen.
  package var isView: Bool
  /// Something that somebody did and that is no view.
  package var isAct: Bool
  package var isKey: Bool

  package init(time: Int64, ordinal: Int, isView: Bool, isAct: Bool, isKey: Bool = false) {
    self.time = time
    self.ordinal = ordinal
    self.isView = isView
    self.isAct = isAct
    self.isKey = isKey
  }
}

extension SessionsQuestion.Measures {
  /// `weight`: -1 takes back what was added.
  @inline(__always)
  package mutating func add(_ session: Session, bounced state: BounceState, weight: Int = 1) {
    sessions &+= weight
    events &+= weight &* session.events
    views &+= weight &* session.views
    duration &+= Int64(weight) &* session.milliseconds
    bounceable &+= state != .notCounted ? weight : 0
    bounces &+= state == .bounced ? weight : 0
  }
}
