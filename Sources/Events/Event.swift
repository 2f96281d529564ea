package import JSON

/// An event as a value in memory, for the paths where convenience counts more than speed: answers to
/// questions about single events, tools, tests.
package struct Event: Equatable, Sendable {
  package var id: EventID
  package var kind: EventKind
  package var flags: EventRecord.Flags
  package var name: String
  /// When it happened, ms.
  package var cts: Int64
  /// When the first Tributary program received it, ms.
  package var sts: Int64
  /// The client's time as it was sent, where that differs from `cts`.
  package var rawTime: Int64?
  package var profile: String?
  package var device: String?
  package var session: String?
  package var visitor: String?
  /// Both are objects.
  package var props: JSONValue
  package var ctx: JSONValue

  package init(
    id: EventID, kind: EventKind = .custom, flags: EventRecord.Flags = .interactive, name: String,
    cts: Int64, sts: Int64, rawTime: Int64? = nil, profile: String? = nil, device: String? = nil,
    session: String? = nil, visitor: String? = nil, props: JSONValue = .object([]),
    ctx: JSONValue = .object([])
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.cts = cts
    self.sts = sts
    self.rawTime = rawTime
    self.profile = profile
    self.device = device
    self.session = session
    self.visitor = visitor
    self.props = props
    self.ctx = ctx
    self.flags = flags.subtracting([.rawTime, .profile, .device, .session, .visitor])
    if rawTime != nil { self.flags.insert(.rawTime) }
    if profile != nil { self.flags.insert(.profile) }
    if device != nil { self.flags.insert(.device) }
    if session != nil { self.flags.insert(.session) }
    if visitor != nil { self.flags.insert(.visitor) }
  }
}

// As bytes.
extension Event {
  /// Reads a record in full, checking it as a stranger's.
  package init(record bytes: Span<UInt8>) throws(EventRecord.Problem) {
    let view = try EventRecordView(bytes, range: 0..<bytes.count, checking: true)
    try self.init(view, in: bytes)
  }

  /// What a view shows; its texts are UTF-8.
  package init(_ view: EventRecordView, in bytes: Span<UInt8>) throws(EventRecord.Problem) {
    func text(_ place: Range<Int>) -> String {
      let bytes = bytes.extracting(place)
      return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
    do {
      self.init(
        id: view.id, kind: view.kind, flags: view.flags, name: text(view.name), cts: view.cts,
        sts: view.sts, rawTime: view.rawTime, profile: view.profile.map(text),
        device: view.device.map(text), session: view.session.map(text),
        visitor: view.visitor.map(text),
        props: try Properties.value(bytes, from: view.props.lowerBound),
        ctx: try Properties.value(bytes, from: view.ctx.lowerBound))
    } catch { throw .properties(error) }
  }

  /// Appends the event's record to `list`. Throws where `props` or `ctx` is no legal object.
  package func append(to list: inout EventList) throws(EventProblem) {
    var record = ScratchBytes()
    record.append(EventRecord.version)
    record.append(kind.rawValue)
    record.append(littleEndian: flags.rawValue)
    record.append(littleEndian: id.high.byteSwapped)
    record.append(littleEndian: id.low.byteSwapped)
    record.append(littleEndian: cts)
    record.append(littleEndian: sts)
    record.append(prefixed: Array(name.utf8))
    if let rawTime { record.append(littleEndian: rawTime) }
    for text in [profile, device, session, visitor] {
      if let text { record.append(prefixed: Array(text.utf8)) }
    }
    for object in [props, ctx] {
      let json = object.bytes
      var cursor = JSONCursor()
      var builder = PropertiesBuilder()
      try builder.addMembers(of: &cursor, json.span, field: "props")
      try builder.finish(into: &record)
    }
    list.append(record: record.storage.span.extracting(0..<record.count))
  }
}
