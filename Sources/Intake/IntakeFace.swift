package import Dialects
package import Events
package import HTTP
package import Platform
package import Telemetry

/// The face that clients send events to, the same on both programs: credentials, bodies, dialects
/// and their replies. What is accepted goes to the sink, and the reply waits for it.
package final class IntakeFace: Sendable {
  package struct Options: Sendable {
    /// The project of requests without a key, where the listener admits them.
    package var anonymousProject: ProjectID?
    /// After decompression.
    package var bodyBytes = 32 << 20
    package var eventsPerRequest = EventLimits.eventsPerRequest

    package init() {}
  }

  private let sink: any EventSink
  private let book: @Sendable () -> (any CredentialBook)?
  private let clock: any Clock
  private let log: Log
  private let readers: ReaderPool
  private let counters: IntakeCounters

  /// `book` is asked once a request; nil says that nobody is known yet.
  package init(
    sink: any EventSink, clock: any Clock, ids: EventIDSource, metrics: IntakeMetrics, log: Log,
    book: @escaping @Sendable () -> (any CredentialBook)?
  ) {
    self.sink = sink
    self.book = book
    self.clock = clock
    self.log = log
    readers = ReaderPool(ids: ids)
    counters = IntakeCounters(metrics)
  }

  /// Adds the intake routes to a listener's router.
  package func mount(on router: inout Router, _ options: Options = Options()) {
    for path in Route.paths {
      guard let route = Route(path: path) else { preconditionFailure("\(path) has no route") }
      router.add(.post, path) { request in await self.answer(request, route, options) }
      router.add(.options, path) { request in CrossOrigin.preflight(request.head) }
    }
  }

  /// Takes a request of one dialect's route and answers it.
  package func answer(_ request: Request, _ route: Route, _ options: Options) async -> Response {
    var response: Response
    do throws(IntakeRefusal) {
      let reply = try await take(request, route, options)
      response = .json(reply.body, HTTPStatus(reply.status) ?? .ok)
    } catch {
      counters.refused(error.code)
      if log.isEnabled(.debug) {
        log.about(trace: Self.trace(of: request)).debug(
          "request refused", ["status": .integer(error.status), "code": .text(error.code)])
      }
      response = error.response()
    }
    CrossOrigin.allow(request.head, in: &response)
    return response
  }

  private func take(
    _ request: Request, _ route: Route, _ options: Options
  ) async throws(IntakeRefusal) -> Reply {
    guard let book = book() else { throw .notEnrolled }
    let now = clock.wallMilliseconds
    let caller = try Caller(
      of: request.head, in: book, anonymous: options.anonymousProject, at: now)
    request.standing.prove()
    if let refusal = sink.refusal { throw refusal }
    let body: [UInt8]
    do {
      body = try await request.collectDecoded(atMost: options.bodyBytes)
    } catch { throw .body(error) }

    let context = RequestContext(
      reception: Self.reception(request, caller, now), maximumEvents: options.eventsPerRequest,
      isNDJSON: Self.isNDJSON(request.head))
    var events = EventList()
    var rejections: [Rejection] = []
    let dialect: Dialect
    do {
      dialect = try readers.read(body.span, on: route, context, into: &events, &rejections)
    } catch { throw IntakeRefusal(error) }
    if !events.isEmpty {
      let refused = try await sink.append(events, project: caller.project)
      events.leaveOut(refused, as: &rejections)
    }

    counters.took(
      events.count, rejected: rejections.count, of: caller.project, dialect,
      nanoseconds: clock.monotonicNanoseconds &- request.arrivedNanoseconds)
    if log.isEnabled(.debug) {
      log.about(project: caller.project.text, trace: Self.trace(of: request)).debug(
        "events taken",
        [
          "dialect": "\(dialect)", "accepted": .integer(events.count),
          "rejected": .integer(rejections.count),
        ])
    }
    return Reply(dialect, events, rejections)
  }

  private static func reception(
    _ request: Request, _ caller: Caller, _ now: Int64
  ) -> Reception {
    // An application's server has an address too, which says nothing about its users.
    let address = caller.isPerson && !request.peer.text.isEmpty ? request.peer.text : nil
    return Reception(
      project: caller.project, milliseconds: now, address: address,
      userAgent: caller.isPerson ? request.head.value(of: "user-agent") : nil,
      idempotencyKey: request.head.value(of: "idempotency-key").flatMap { IdempotencyKey($0) })
  }

  private static func isNDJSON(_ head: borrowing RequestHead) -> Bool {
    if head.fields.value(of: "content-type", is: "application/json") { return false }
    switch head.mediaType?.essence {
    case "application/x-ndjson", "application/ndjson", "application/jsonl",
      "application/x-jsonlines", "application/json-lines":
      return true
    default: return false
    }
  }

  private static func trace(of request: Request) -> TraceID? {
    request.head.fields.withValue(of: "traceparent") { TraceContext(traceparent: $0)?.trace } ?? nil
  }
}

extension EventList {
  /// Moves events that were refused after they were read to the rejections. Each item of a request is
  /// an event here, or two, or a rejection there, in the order of the items.
  fileprivate mutating func leaveOut(_ refused: [RefusedEvent], as rejections: inout [Rejection]) {
    if refused.isEmpty { return }
    let rejected = Set(rejections.map(\.index))
    let reasons = Dictionary(refused.map { ($0.row, $0) }) { first, _ in first }
    var item = 0
    for row in 0..<count {
      while rejected.contains(item) { item += 1 }
      if let event = reasons[row] {
        rejections.append(
          Rejection(
            index: item, eventID: id(at: row).description, code: event.code, reason: event.reason))
      }
      if !firstOfTwo.contains(row) { item += 1 }
    }
    rejections.sort { $0.index < $1.index }
    remove(rows: Set(reasons.keys))
  }
}
