package import Events
import JSON

/// Turns request bodies into events. It holds the memory that one request after the other is read
/// with; each loop has one of its own.
package struct DialectReader: ~Copyable {
  var draft = EventDraft()
  /// For the `__identify` of an item, an operation beside its event.
  private var secondDraft = EventDraft()
  let ids: EventIDSource

  package init(ids: EventIDSource) { self.ids = ids }

  /// Reads a body as the clients of `route` write it: good events go to `events`, bad ones to
  /// `rejections`, and the answer is the dialect that the reply is to be in. A refusal leaves both
  /// as they were.
  package mutating func read(
    _ body: Span<UInt8>, on route: Route, _ context: RequestContext, into events: inout EventList,
    _ rejections: inout [Rejection]
  ) throws(DialectRefusal) -> Dialect {
    var request = Request(context: context, route: route, dialect: .prism, ids: ids)
    let marks = (events.count, rejections.count)
    do {
      try readDocument(body, &request, &events, &rejections)
      return request.dialect
    } catch {
      events.truncate(to: marks.0)
      rejections.removeLast(rejections.count - marks.1)
      draft.clear()
      secondDraft.clear()
      throw error
    }
  }
}

/// A request while it is read.
struct Request {
  let context: RequestContext
  let route: Route
  var dialect: Dialect
  let ids: EventIDSource
  /// Events met so far, good and bad.
  var count = 0

  /// Counts the next event, and answers its place.
  mutating func next() throws(DialectRefusal) -> Int {
    guard count < context.maximumEvents else {
      throw .tooManyEvents(limit: context.maximumEvents)
    }
    count += 1
    return count - 1
  }
}

// One event.
extension DialectReader {
  /// Reads the value that is due as an event, and goes behind it whatever becomes of it. Throws where
  /// it is no JSON at all: nobody knows then where the next one begins.
  mutating func readEvent(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ request: inout Request,
    _ events: inout EventList, _ rejections: inout [Rejection]
  ) throws(EventFailure) {
    let index: Int
    do { index = try request.next() } catch { throw .refusal(error) }
    // To the value's first byte, so that its length is its own.
    do { _ = try cursor.peek(bytes) } catch { throw .json(error) }
    let start = cursor
    let count = events.count
    do {
      try readEvent(&cursor, bytes, &request, index, &events)
    } catch {
      events.truncate(to: count)
      cursor = start
      let id = draft.keyText ?? Self.id(at: start, bytes)
      draft.clear()
      secondDraft.clear()
      do {
        try Self.leave(&cursor, bytes)
      } catch { throw .json(error) }
      rejections.append(
        Rejection(
          index: index, eventID: id, error, place: start.position..<cursor.position))
    }
  }

  /// Goes behind an event that was refused. Text that is no JSON ends the reading, unless it is clear
  /// where the event ends all the same: one cut emoji must not cost the others.
  private static func leave(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) {
    let start = cursor
    do {
      try cursor.skip(bytes)
    } catch {
      guard error.code.leavesStructure else { throw error }
      cursor = start
      try cursor.skipStructure(bytes)
    }
  }

  private mutating func readEvent(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ request: inout Request, _ index: Int,
    _ events: inout EventList
  ) throws(EventProblem) {
    let start = cursor
    let reception = request.context.reception
    let name: StaticString
    switch request.dialect {
    case .prism, .eventTracking:
      let dialect = try readByShape(&cursor, bytes, reception, request.dialect)
      request.dialect = dialect
      name = dialect == .prism ? Prism.name : EventTracking.name
    case .eventAnalytics:
      _ = try draft.readFlat(EventAnalytics.self, &cursor, bytes, reception)
      name = EventAnalytics.name
    case .track:
      _ = try draft.readFlat(Track.self, &cursor, bytes, reception)
      name = Track.name
    case .profiles:
      try Profiles.read(&draft, &cursor, bytes, reception)
      name = Profiles.name
    case .eventLens, .eventLensBatch:
      name = EventLens.name
      if var identify = try EventLens.read(&draft, &cursor, bytes) {
        try EventLens.readIdentify(&secondDraft, &identify, bytes)
        try secondDraft.finish(
          reception, dialect: name, index: index, part: 1,
          textBytes: identify.position - start.position, ids: request.ids, into: &events)
        events.pairLastWithNext()
      }
    }
    if !draft.has(.name) { throw .missing(field: request.dialect.nameField) }
    try draft.finish(
      reception, dialect: name, index: index, textBytes: cursor.position - start.position,
      ids: request.ids, into: &events)
  }

  /// Prism and the Event Tracking System share a path: `event_name` makes an event Prism's, and
  /// without it `event_type` the other's. What the event before was is tried first.
  private mutating func readByShape(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ reception: Reception, _ likely: Dialect
  ) throws(EventProblem) -> Dialect {
    let start = cursor
    if likely == .prism {
      let reading = try draft.readFlat(
        Prism.self, &cursor, bytes, reception, yields: .unlessNamed)
      if reading == .read { return .prism }
      draft.clear()
      cursor = start
    }
    let reading = try draft.readFlat(
      EventTracking.self, &cursor, bytes, reception, yields: .always)
    if reading == .read { return .eventTracking }
    draft.clear()
    cursor = start
    _ = try draft.readFlat(Prism.self, &cursor, bytes, reception)
    return .prism
  }

  /// What a client calls the event that begins here, for a rejection; looked for only then.
  private static func id(at start: JSONCursor, _ bytes: Span<UInt8>) -> String? {
    var cursor = start
    // An event that is no JSON has no id that could be trusted to be one.
    do {
      guard try cursor.peek(bytes) == .object else { return nil }
      try cursor.enterObject(bytes)
      while let key = try cursor.nextKey(bytes) {
        guard key.equals("event_id", in: bytes), try cursor.peek(bytes) == .string else { continue }
        let text = try cursor.text(bytes)
        return text.range.count <= EventLimits.idBytes ? text.string(in: bytes) : nil
      }
    } catch { return nil }
    return nil
  }
}

/// Why reading stops at an event.
enum EventFailure: Error {
  case json(JSONError)
  case refusal(DialectRefusal)
}

extension Dialect {
  /// What its clients call an event's name.
  fileprivate var nameField: String {
    switch self {
    case .prism: "event_name"
    case .track, .eventTracking, .eventAnalytics: "event_type"
    case .eventLens, .eventLensBatch: "name"
    case .profiles: "profile_id"
    }
  }
}
