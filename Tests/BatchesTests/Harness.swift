import Batches
import Events
import Platform
import Testing

/// A value as JSON has it, encoded by the plainest code that can be written.
indirect enum Value {
  case null, bool(Bool), integer(Int64), double(Double), string(String)
  case array([Value]), object([String: Value])

  func encode(to writer: inout ByteWriter) {
    switch self {
    case .null: writer.append(0)
    case .bool(let value): writer.append(value ? 2 : 1)
    case .integer(let value):
      writer.append(3)
      writer.append(zigzag: value)
    case .double(let value):
      writer.append(4)
      writer.append(littleEndian: value.bitPattern)
    case .string(let value):
      writer.append(5)
      writer.append(text: value)
    case .array(let values):
      var inner = ByteWriter()
      for value in values { value.encode(to: &inner) }
      writer.append(6)
      writer.append(littleEndian: UInt32(inner.count))
      writer.append(inner.bytes)
    case .object(let members):
      var inner = ByteWriter()
      let keys = members.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
      for key in keys {
        inner.append(text: key)
        (members[key] ?? .null).encode(to: &inner)
      }
      writer.append(7)
      writer.append(littleEndian: UInt32(inner.count))
      writer.append(inner.bytes)
    }
  }
}

/// One event, written as a record field by field.
struct SampleEvent {
  var kind: UInt8 = 0
  var otherFlags: UInt16 = 0
  var id = EventID(milliseconds: 1_767_571_330_437, chance: (1, 2))
  var cts: Int64 = 1_767_571_330_437
  var sts: Int64 = 1_767_571_330_500
  var name = "page_view"
  var raw: Int64?
  var profile: String?
  var device: String?
  var session: String?
  var visitor: String?
  var props: [String: Value] = [:]
  var ctx: [String: Value] = [:]

  var record: [UInt8] {
    var flags = otherFlags & 0xE0
    for (bit, isPresent) in [
      raw != nil, profile != nil, device != nil, session != nil, visitor != nil,
    ].enumerated() where isPresent { flags |= 1 << UInt16(bit) }
    var writer = ByteWriter()
    writer.append(1)
    writer.append(kind)
    writer.append(littleEndian: flags)
    writer.append(littleEndian: id.high.byteSwapped)
    writer.append(littleEndian: id.low.byteSwapped)
    writer.append(littleEndian: cts)
    writer.append(littleEndian: sts)
    writer.append(text: name)
    if let raw { writer.append(littleEndian: raw) }
    for text in [profile, device, session, visitor] {
      if let text { writer.append(text: text) }
    }
    Value.object(props).encode(to: &writer)
    Value.object(ctx).encode(to: &writer)
    return writer.bytes
  }
}

extension [SampleEvent] {
  var list: EventList {
    var list = EventList()
    for event in self {
      let record = event.record
      list.append(record: record.span)
    }
    return list
  }
}

extension BatchBody {
  init(_ events: [SampleEvent]) throws {
    let list = events.list
    self = try BatchBody.encode(records: list.bytes, ends: list.ends)
  }
}
