import Events
import JSON
import Platform

// The shapes in which events come: one object, an array, one object a line, or an envelope with an
// array in it.

extension DialectReader {
  mutating func readDocument(
    _ body: Span<UInt8>, _ request: inout Request, _ events: inout EventList,
    _ rejections: inout [Rejection]
  ) throws(DialectRefusal) {
    guard let start = Document.start(of: body) else { throw .emptyBody }
    request.dialect = try Document.dialect(of: body, from: start, request.route)
    var cursor = JSONCursor(at: start)
    do {
      if body[start] == UInt8(ascii: "[") {
        try readArray(&cursor, body, &request, &events, &rejections)
        return try Document.finish(&cursor, body)
      }
      let list = request.dialect == .profiles ? "profiles" as StaticString : "events"
      if request.dialect != .eventLens, Document.isEnvelope(body, from: start, list) {
        try readEnvelope(&cursor, body, list, &request, &events, &rejections)
        return try Document.finish(&cursor, body)
      }
    } catch { throw error.refusal }
    try readLines(from: start, body, &request, &events, &rejections)
  }

  private mutating func readArray(
    _ cursor: inout JSONCursor, _ body: Span<UInt8>, _ request: inout Request,
    _ events: inout EventList, _ rejections: inout [Rejection]
  ) throws(EventFailure) {
    do { try cursor.enterArray(body) } catch { throw .json(error) }
    while true {
      do { guard try cursor.nextElement(body) else { return } } catch { throw .json(error) }
      try readEvent(&cursor, body, &request, &events, &rejections)
    }
  }

  /// `{"events": […]}`, and what stands beside it: a project, and nothing else that we know.
  private mutating func readEnvelope(
    _ cursor: inout JSONCursor, _ body: Span<UInt8>, _ list: StaticString,
    _ request: inout Request, _ events: inout EventList, _ rejections: inout [Rejection]
  ) throws(EventFailure) {
    var hasList = false
    do { try cursor.enterObject(body) } catch { throw .json(error) }
    while true {
      let key: JSONText
      do {
        guard let next = try cursor.nextKey(body) else { return }
        key = next
      } catch { throw .json(error) }
      if key.equals(list, in: body), !hasList {
        hasList = true
        try readArray(&cursor, body, &request, &events, &rejections)
      } else if key.equals("project_id", in: body) {
        do {
          try draft.requireProject(&cursor, body, request.context.reception)
        } catch { throw .refusal(Document.refusal(error)) }
      } else {
        do { try cursor.skip(body) } catch { throw .json(error) }
      }
    }
  }

  /// One object after the other, a line each as a rule. A line that is no JSON costs that line only,
  /// unless it is all there is. Only a body's first object may have several lines: from the second
  /// on a reader sees no more than its line, so that each byte is looked at a few times at most.
  private mutating func readLines(
    from start: Int, _ body: Span<UInt8>, _ request: inout Request, _ events: inout EventList,
    _ rejections: inout [Rejection]
  ) throws(DialectRefusal) {
    var position = start
    /// Where the line of the object read last ends.
    var end = 0
    if !request.context.isNDJSON {
      var cursor = JSONCursor(at: start)
      do {
        try readEvent(&cursor, body, &request, &events, &rejections)
        guard let next = Document.start(of: body, from: cursor.position) else { return }
        position = next
        end = Document.endOfLine(body, from: cursor.position)
      } catch {
        // Lines after a first line that is none of them, or a document that is wrong?
        end = Document.endOfLine(body, from: start)
        guard case .json(let problem) = error else { throw error.refusal }
        guard let next = Document.start(of: body, from: end), body[next] == UInt8(ascii: "{")
        else { throw .invalidJSON(problem) }
        rejections.append(
          Rejection(index: 0, eventID: nil, .json(problem), place: start..<end))
        position = next
      }
    }
    while true {
      let isNewLine = position >= end
      if isNewLine { end = Document.endOfLine(body, from: position) }
      let line = body.extracting(0..<end)
      var cursor = JSONCursor(at: position)
      let index = request.count
      do {
        try readEvent(&cursor, line, &request, &events, &rejections)
      } catch {
        guard case .json(let problem) = error, isNewLine else { throw error.refusal }
        rejections.append(
          Rejection(index: index, eventID: nil, .json(problem), place: position..<end))
        cursor = JSONCursor(at: end)
      }
      guard let next = Document.start(of: body, from: cursor.position) else { return }
      position = next
    }
  }
}

extension EventFailure {
  /// The refusal of the whole that this is where nothing else can be read.
  var refusal: DialectRefusal {
    switch self {
    case .json(let error): .invalidJSON(error)
    case .refusal(let refusal): refusal
    }
  }
}

enum Document {
  /// The first byte that is no white space; nil where there is none. A byte order mark is none too.
  static func start(of body: Span<UInt8>, from position: Int = 0) -> Int? {
    var index = position
    if index == 0, body.count >= 3, body[0] == 0xEF, body[1] == 0xBB, body[2] == 0xBF { index = 3 }
    while index < body.count {
      switch body[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return index
      }
    }
    return nil
  }

  /// The next end of a line, or the end of all.
  static func endOfLine(_ body: Span<UInt8>, from position: Int) -> Int {
    body.firstIndex(of: 0x0A, from: position) ?? body.count
  }

  static func finish(_ cursor: inout JSONCursor, _ body: Span<UInt8>) throws(EventFailure) {
    do { try cursor.finish(body) } catch { throw .json(error) }
  }

  /// The refusal of a whole request for a problem of its envelope.
  static func refusal(_ problem: EventProblem) -> DialectRefusal {
    switch problem {
    case .json(let error): .invalidJSON(error)
    case .wrongProject(let named): .wrongProject(named: named)
    default:
      DialectRefusal(
        status: 400, code: problem.code, message: problem.named("project_id").sentence)
    }
  }

  /// Whether the object that begins here holds a list of events and is none itself. The keys decide
  /// up to the first that only an event has, so this costs nothing for an event.
  static func isEnvelope(_ body: Span<UInt8>, from start: Int, _ list: StaticString) -> Bool {
    guard body[start] == UInt8(ascii: "{") else { return false }
    var cursor = JSONCursor(at: start)
    do {
      try cursor.enterObject(body)
      while let key = try cursor.nextKey(body) {
        if key.equals(list, in: body) { return try cursor.peek(body) == .array }
        if key.equals("event_id", in: body) || key.equals("event_name", in: body)
          || key.equals("event_type", in: body) || key.equals("profile_id", in: body)
        {
          return false
        }
      }
    } catch { return false }  // Its reader will say what is wrong with it.
    return false
  }

  /// The dialect of a request: its path says it, or the first keys do.
  static func dialect(
    of body: Span<UInt8>, from start: Int, _ route: Route
  ) throws(DialectRefusal) -> Dialect {
    switch route {
    case .events: return .prism
    case .eventsTrack: return .eventAnalytics
    case .profiles: return .profiles
    case .trackBatch: return .eventLensBatch
    case .track: break
    }
    var cursor = JSONCursor(at: start)
    do {
      if try cursor.peek(body) == .array {
        try cursor.enterArray(body)
        guard try cursor.nextElement(body) else { return .track }
      }
      guard try cursor.peek(body) == .object else { throw unknownTrack }
      try cursor.enterObject(body)
      while let key = try cursor.nextKey(body) {
        if key.equals("event_type", in: body) || key.equals("fields", in: body) { return .track }
        if key.equals("payload", in: body) {
          return body[start] == UInt8(ascii: "[") ? .eventLensBatch : .eventLens
        }
      }
    } catch let error as JSONError {
      throw .invalidJSON(error)
    } catch {
      throw unknownTrack
    }
    throw unknownTrack
  }

  private static let unknownTrack = DialectRefusal.unknownShape(
    expected: "`event_type` with `fields`, or `type` with `payload`, is expected here")
}
