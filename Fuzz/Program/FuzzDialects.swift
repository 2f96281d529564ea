import Dialects
import Events
import JSON
import Platform

/// The first byte chooses the route, the rest is the body. Whatever is taken is a legal record, a
/// refusal leaves nothing behind, and every reply is JSON.
@Sendable func fuzzDialects(_ lent: Span<UInt8>) {
  guard !lent.isEmpty else { return }
  let routes = Route.allCases
  let route = routes[Int(lent[0] & 0x7F) % routes.count]
  let body = lent.extracting(1..<lent.count)
  let first = read(body, route, isNDJSON: lent[0] >= 0x80)
  let again = read(body, route, isNDJSON: lent[0] >= 0x80)
  precondition(first.events == again.events, "another reading")
  let reply = first.reply.body
  precondition((try? JSONValue(parsing: reply.span))?.object != nil, "no JSON in a reply")
}

private func read(
  _ body: Span<UInt8>, _ route: Route, isNDJSON: Bool
) -> (events: EventList, reply: Reply) {
  guard let project = try? ProjectID("acme-web") else { preconditionFailure("a legal name") }
  let reception = Reception(
    project: project, milliseconds: 1_771_665_012_345, address: "::1", userAgent: "UA",
    visitor: "v", idempotencyKey: IdempotencyKey("k"))
  let context = RequestContext(reception: reception, maximumEvents: 20, isNDJSON: isNDJSON)
  var reader = DialectReader(ids: EventIDSource(clock: NoClock(), random: SeededRandom(seed: 1)))
  var events = EventList()
  var rejections: [Rejection] = []
  do {
    let dialect = try reader.read(body, on: route, context, into: &events, &rejections)
    let bytes = events.bytes.span
    for index in 0..<events.count {
      let range = events.range(at: index)
      guard let view = try? EventRecordView(bytes, range: range, checking: true),
        let event = try? Event(view, in: bytes)
      else { preconditionFailure("an illegal record") }
      var list = EventList()
      try? event.append(to: &list)
      precondition(list.bytes[...] == events.bytes[range], "another record")
    }
    return (events, Reply(dialect, events, rejections))
  } catch {
    precondition(events.isEmpty && rejections.isEmpty, "something is left")
    return (events, Reply(error))
  }
}

private struct NoClock: Clock {
  var wallMilliseconds: Int64 { 0 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}
