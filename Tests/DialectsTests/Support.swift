import Events
import JSON
import Platform

@testable import Dialects

struct TestClock: Clock {
  var wallMilliseconds: Int64 { Reading.now }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}

/// What a body became.
struct Reading {
  static let now: Int64 = 1_771_665_012_345

  var events: [Event] = []
  var rejections: [Rejection] = []
  var dialect = Dialect.prism
  var reply = Reply(status: 0, code: "", message: "")
  var list = EventList()

  init(
    _ body: [UInt8], on path: String = "/api/v1/events", address: String? = nil,
    userAgent: String? = nil, visitor: String? = nil, key: String? = nil, isNDJSON: Bool = false,
    maximumEvents: Int = EventLimits.eventsPerRequest
  ) throws {
    let reception = Reception(
      project: try ProjectID("proj_abc123"), milliseconds: Self.now, address: address,
      userAgent: userAgent, visitor: visitor, idempotencyKey: key.flatMap(IdempotencyKey.init))
    let context = RequestContext(
      reception: reception, maximumEvents: maximumEvents, isNDJSON: isNDJSON)
    let ids = EventIDSource(clock: TestClock(), random: SeededRandom(seed: 1))
    var reader = DialectReader(ids: ids)
    dialect = try reader.read(
      body.span, on: Route(path: path)!, context, into: &list, &rejections)
    for index in 0..<list.count {
      let bytes = Array(list.bytes[list.range(at: index)])
      events.append(try Event(record: bytes.span))
    }
    reply = Reply(dialect, list, rejections)
  }

  init(_ body: String, on path: String = "/api/v1/events") throws {
    try self.init(Array(body.utf8), on: path)
  }

  var replyJSON: JSONValue {
    get throws {
      let bytes = reply.body
      return try JSONValue(parsing: bytes.span)
    }
  }
}

/// The refusal that a body meets.
func refused(_ body: String, on path: String = "/api/v1/events") -> DialectRefusal? {
  do {
    _ = try Reading(body, on: path)
    return nil
  } catch { return error as? DialectRefusal }
}

func seeded(_ seed: UInt64) -> RandomGenerator { RandomGenerator(SeededRandom(seed: seed)) }
