package import JSON

/// An event on its way from a client's words to a record. A dialect sets what it reads, in whatever
/// order it comes; `finish` checks the whole and fills what was not said. One draft serves one event
/// after the other, and keeps its memory.
package struct EventDraft: ~Copyable {
  package enum Slot: Int, Sendable, CaseIterable { case name, profile, device, session, key }

  /// `props` and `ctx` as they are being built.
  package var props = PropertiesBuilder()
  package var ctx = PropertiesBuilder()
  /// Nil: what the name says.
  package var kind: EventKind?
  /// Nil: what the kind says.
  package var isInteractive: Bool?
  /// When it happened by the client's clock, as sent, in ms. What 48 bits do not hold counts as none.
  package var clientTime: Int64?
  /// What the client's clock said when it sent the request, in ms.
  package var sentTime: Int64?
  private var id: EventID?
  /// What was set, as places in `texts`.
  private var texts = ScratchBytes(capacity: 1_024)
  private var places = InlineArray<5, Range<Int>?>(repeating: nil)
  private var unescaped: [UInt8] = []
  private var record = ScratchBytes()

  package init() {}

  /// Forgets the event.
  package mutating func clear() {
    props.removeAll()
    ctx.removeAll()
    kind = nil
    isInteractive = nil
    clientTime = nil
    sentTime = nil
    id = nil
    texts.truncate(to: 0)
    for index in places.indices { places[index] = nil }
  }
}

// Setting what an event is called and whose it is.
extension EventDraft {
  /// Whether the client has said this.
  package func has(_ slot: Slot) -> Bool {
    slot == .key ? id != nil || places[slot.rawValue] != nil : places[slot.rawValue] != nil
  }

  /// Sets a text that is UTF-8; `field` is what the client calls it, for the problem that it may be.
  package mutating func set(
    _ slot: Slot, to text: Span<UInt8>, field: StaticString = ""
  ) throws(EventProblem) {
    switch slot {
    case .name: if let problem = EventName.problem(of: text) { throw .name(problem) }
    case .key:
      id = EventID(text: text)
      fallthrough
    default:
      guard !text.isEmpty, text.count <= EventLimits.idBytes else {
        throw .id(field: field.description, utf8Count: text.count)
      }
    }
    let start = texts.count
    texts.append(copying: text)
    places[slot.rawValue] = start..<texts.count
  }

  package mutating func set(_ slot: Slot, to literal: StaticString) throws(EventProblem) {
    // SAFETY: a literal's bytes live for ever.
    let bytes = unsafe UnsafeBufferPointer(
      start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    unsafe try set(slot, to: bytes.span, field: "")
  }

  package mutating func set(
    _ slot: Slot, to text: JSONText, _ bytes: Span<UInt8>, field: StaticString = ""
  ) throws(EventProblem) {
    guard text.hasEscapes else {
      return try set(slot, to: bytes.extracting(text.range), field: field)
    }
    let resolved = text.bytes(in: bytes)
    try set(slot, to: resolved.span, field: field)
  }

  /// Sets the value that is due: a string, or an id that the client keeps as an integer. Null is as
  /// good as nothing.
  package mutating func set(
    _ slot: Slot, of cursor: inout JSONCursor, _ bytes: Span<UInt8>, field: StaticString = ""
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .string: try set(slot, to: try cursor.textValue(bytes), bytes, field: field)
    case .null: try cursor.nullValue(bytes)
    case .number where slot != .name:
      guard case .integer(let number) = try cursor.numberValue(bytes) else {
        throw .wrongType(field: field.description, expected: "a string")
      }
      let digits = Array(String(number).utf8)
      try set(slot, to: digits.span, field: field)
    default: throw .wrongType(field: field.description, expected: "a string")
    }
  }

  /// Gives the event an id of ours; it counts as one that its client gave.
  package mutating func set(id: EventID) { self.id = id }

  /// The key that the client gave the event, for a rejection that names it.
  package var keyText: String? {
    guard let place = places[Slot.key.rawValue] else { return nil }
    return String(decoding: texts.storage[place], as: UTF8.self)
  }
}

// Becoming a record.
extension EventDraft {
  /// Checks the event and appends its record. `index` is its place in the request, `dialect` the
  /// vocabulary its key belongs to, `textBytes` the length of what its client sent; an event that
  /// comes with another one is a further `part` of it. The draft is clear afterwards, unless a
  /// problem is thrown.
  package mutating func finish(
    _ reception: Reception, dialect: StaticString, index: Int, part: Int = 0, textBytes: Int,
    ids: EventIDSource, into list: inout EventList
  ) throws(EventProblem) {
    guard textBytes <= EventLimits.eventBytes else { throw .tooLarge(bytes: textBytes) }
    guard let name = places[Slot.name.rawValue] else { throw .name(.empty) }
    let time = time(reception)
    let id = identity(reception, dialect, (index, part), time.client, ids)
    fillContext(reception)

    let kind = kind ?? EventKind.named(texts.storage.span.extracting(name))
    var flags = time.flags
    if isInteractive ?? kind.isInteractiveByDefault { flags.insert(.interactive) }
    if places[Slot.profile.rawValue] != nil { flags.insert(.profile) }
    if places[Slot.device.rawValue] != nil { flags.insert(.device) }
    if places[Slot.session.rawValue] != nil { flags.insert(.session) }
    let isAnonymous = !flags.contains(.profile) && !flags.contains(.device)
    let visitor = isAnonymous ? reception.visitor : nil
    if visitor != nil { flags.insert(.visitor) }
    if id.isMinted { flags.insert(.idIsMinted) }

    record.truncate(to: 0)
    record.append(EventRecord.version)
    record.append(kind.rawValue)
    record.append(littleEndian: flags.rawValue)
    record.append(littleEndian: id.value.high.byteSwapped)
    record.append(littleEndian: id.value.low.byteSwapped)
    record.append(littleEndian: time.cts)
    record.append(littleEndian: reception.milliseconds)
    record.append(prefixed: name, of: texts)
    if flags.contains(.rawTime), let raw = time.client { record.append(littleEndian: raw) }
    for slot in [Slot.profile, .device, .session] {
      if let place = places[slot.rawValue] { record.append(prefixed: place, of: texts) }
    }
    if let visitor { record.append(prefixed: visitor) }
    try props.finish(into: &record)
    try ctx.finish(into: &record)
    guard record.count <= EventLimits.recordBytes else { throw .tooLarge(bytes: record.count) }
    list.append(record: record.storage.span.extracting(0..<record.count))
    clear()
  }

  private struct Time {
    var cts: Int64
    /// The client's own, if it said one.
    var client: Int64?
    var flags: EventRecord.Flags
  }

  /// `cts` is fixed here, once and for all: the client's time, corrected where its clock is off.
  private func time(_ reception: Reception) -> Time {
    let legal = 0...EventID.maximumMilliseconds
    guard let client = clientTime, legal.contains(client) else {
      return Time(cts: reception.milliseconds, client: nil, flags: .ctsIsReceipt)
    }
    guard let sentTime, legal.contains(sentTime) else {
      return Time(cts: client, client: client, flags: [])
    }
    let offset = reception.milliseconds - sentTime
    let corrected = client + offset
    guard offset.magnitude > EventLimits.transitMilliseconds.magnitude, legal.contains(corrected)
    else { return Time(cts: client, client: client, flags: []) }
    return Time(cts: corrected, client: client, flags: .rawTime)
  }

  private func identity(
    _ reception: Reception, _ dialect: StaticString, _ place: (index: Int, part: Int),
    _ time: Int64?,
    _ ids: EventIDSource
  ) -> (value: EventID, isMinted: Bool) {
    if let id { return (id, false) }
    if let key = places[Slot.key.rawValue] {
      let id = EventID(
        key: texts.storage.span.extracting(key), dialect: dialect, project: reception.project,
        milliseconds: time)
      return (id, false)
    }
    if let key = reception.idempotencyKey {
      let id = EventID(
        idempotencyKey: key, index: place.index, part: place.part, project: reception.project,
        milliseconds: time)
      return (id, false)
    }
    return (ids.next(at: reception.milliseconds), true)
  }

  /// What the receiver knows and the client did not say; and the client's key, which the id replaces.
  private mutating func fillContext(_ reception: Reception) {
    if id == nil, let key = places[Slot.key.rawValue] {
      ctx.fill("vendor_id", with: key, of: texts)
    }
    if let address = reception.address { ctx.fill("ip", with: address.span) }
    if let userAgent = reception.userAgent { ctx.fill("user_agent", with: userAgent.span) }
  }
}
