import Events
import JSON

/// A record of strangers is refused, or it is the one encoding of the event that it holds.
@Sendable func fuzzRecord(_ bytes: Span<UInt8>) {
  let range = 0..<bytes.count
  if let view = try? EventRecordView(bytes, range: range, checking: false) {
    _ = PayloadHash(view, in: bytes)
    var writer = JSONWriter()
    _ = try? Properties.write(bytes, from: view.props.lowerBound, to: &writer)
  }
  guard let event = try? Event(record: bytes) else { return }
  var list = EventList()
  guard (try? event.append(to: &list)) != nil else { return }
  precondition(list.bytes.count == bytes.count, "another length")
  for index in bytes.indices { precondition(list.bytes[index] == bytes[index], "another record") }
}
