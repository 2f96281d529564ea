package import Events
import JSON

/// What a client is told: a status and a JSON object in the words of its dialect.
package struct Reply: Equatable, Sendable {
  package let status: Int
  package let body: [UInt8]

  /// The reply to a request that was read: `events` is everything that it brought, `rejections`
  /// everything that was refused of it. It says success where there is any event, or nothing at all.
  package init(_ dialect: Dialect, _ events: EventList, _ rejections: [Rejection]) {
    guard !events.isEmpty || rejections.isEmpty else {
      self.init(rejected: rejections)
      return
    }
    var writer = JSONWriter(capacity: 64 + 40 * events.count)
    writer.beginObject()
    switch dialect {
    case .eventTracking:
      writer.key("message")
      writer.string("Event received successfully")
      if !rejections.isEmpty { writer.rejected(rejections) }
    case .eventLens:
      let person = Self.person(events)
      writer.key("deviceId")
      writer.string(person.device)
      writer.key("sessionId")
      writer.string(person.session)
      if !rejections.isEmpty { writer.rejected(rejections) }
    case .prism, .track, .eventAnalytics, .eventLensBatch, .profiles:
      writer.key("accepted")
      writer.integer(events.count)
      writer.key("event_ids")
      writer.beginArray()
      var text: [UInt8] = []
      for index in 0..<events.count {
        text.removeAll(keepingCapacity: true)
        events.id(at: index).appendText(to: &text)
        writer.string(utf8: text.span)
      }
      writer.endArray()
      writer.rejected(rejections)
    }
    writer.endObject()
    self.init(status: 200, body: writer.bytes)
  }

  /// The reply to a request that was refused as a whole.
  package init(_ refusal: DialectRefusal) {
    self.init(status: refusal.status, code: refusal.code, message: refusal.message)
  }

  /// An error, under each of the names by which clients look for it.
  package init(status: Int, code: String, message: String) {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    writer.error(code: code, message: message)
    writer.endObject()
    self.init(status: status, body: writer.bytes)
  }

  private init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }

  private init(rejected rejections: [Rejection]) {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    let first = rejections.count == 1 ? rejections.first : nil
    writer.error(
      code: first?.code ?? "no_event_accepted",
      message: first?.reason ?? "None of the \(rejections.count) events was accepted.")
    writer.rejected(rejections)
    writer.endObject()
    self.init(status: 400, body: writer.bytes)
  }

  /// The device and the session that an item named, for the SDK to keep; empty where there are none.
  private static func person(_ events: EventList) -> (device: String, session: String) {
    guard !events.isEmpty else { return ("", "") }
    let bytes = events.bytes.span
    let range = events.range(at: events.count - 1)
    // The record was made a moment ago.
    guard let view = try? EventRecordView(bytes, range: range, checking: false) else {
      preconditionFailure("no record")
    }
    func text(_ place: Range<Int>?) -> String {
      guard let place else { return "" }
      return String(decoding: events.bytes[place], as: UTF8.self)
    }
    return (text(view.device ?? view.visitor), text(view.session))
  }
}

extension JSONWriter {
  fileprivate mutating func error(code: String, message: String) {
    key("code")
    string(code)
    for name in ["message", "error", "detail"] {
      key(name)
      string(message)
    }
  }

  fileprivate mutating func rejected(_ rejections: [Rejection]) {
    key("rejected")
    beginArray()
    for rejection in rejections {
      beginObject()
      key("index")
      integer(rejection.index)
      key("event_id")
      if let id = rejection.eventID { string(id) } else { null() }
      key("code")
      string(rejection.code)
      key("reason")
      string(rejection.reason)
      endObject()
    }
    endArray()
  }
}
