import Crypto
import Platform

/// What an event says, as 128 bits: two events under one id conflict where these differ.
///
/// It covers the name, the client's time as sent, profile, device and session, and `props`. It leaves
/// out what may differ between two deliveries of one event: `ctx`, the time of receipt and what was
/// corrected by it, and who collected it.
package struct PayloadHash: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  package init(_ record: EventRecordView, in bytes: Span<UInt8>) {
    var input = ByteWriter(capacity: 64 + record.range.count)
    input.append(text: "tributary payload 1")
    Self.append(record.name, bytes, to: &input)
    input.append(record.clientTime == nil ? 0 : 1)
    input.append(littleEndian: record.clientTime ?? 0)
    for place in [record.profile, record.device, record.session] {
      input.append(place == nil ? 0 : 1)
      if let place { Self.append(place, bytes, to: &input) }
    }
    input.append(bytes.extracting(record.props))
    let content = input.bytes
    let words = sha256(content.span).words
    high = words.0
    low = words.1
  }

  private static func append(
    _ place: Range<Int>, _ bytes: Span<UInt8>, to input: inout ByteWriter
  ) {
    input.append(varint: UInt64(place.count))
    input.append(bytes.extracting(place))
  }
}
