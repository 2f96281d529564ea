package import Platform

/// The number under which one request is followed through both programs.
package struct TraceID: Hashable, Sendable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  init?(high: UInt64, low: UInt64) {
    guard high | low != 0 else { return nil }  // All zeros means "no trace" (W3C Trace Context).
    self.high = high
    self.low = low
  }

  package init(minting random: some RandomSource) {
    high = random.next()
    low = random.next() | 1  // Never all zeros.
  }

  /// 32 lower-case hexadecimal digits.
  package var description: String { hexadecimal(high) + hexadecimal(low) }
}

/// Where a request stands in its trace: taken from the caller's `traceparent`, or begun here.
package struct TraceContext: Hashable, Sendable {
  package let trace: TraceID
  package let isSampled: Bool

  /// Reads a `traceparent` header: `00-<32 hex>-<16 hex>-<2 hex>`, lower case. Later versions may
  /// go on behind a further dash. Anything else is no trace context, and a caller's problem only.
  package init?(traceparent: Span<UInt8>) {
    guard traceparent.count >= 55,
      let version = number(in: traceparent, 0..<2), version != 0xFF,
      version == 0 ? traceparent.count == 55 : traceparent.count == 55 || traceparent[55] == dash,
      traceparent[2] == dash, traceparent[35] == dash, traceparent[52] == dash,
      let high = number(in: traceparent, 3..<19), let low = number(in: traceparent, 19..<35),
      let parent = number(in: traceparent, 36..<52), parent != 0,
      let flags = number(in: traceparent, 53..<55), let trace = TraceID(high: high, low: low)
    else { return nil }
    self.trace = trace
    isSampled = flags & 1 == 1
  }

  /// The caller's trace where there is one, else a new one.
  package init(traceparent: Span<UInt8>?, or random: some RandomSource) {
    if let traceparent, let context = TraceContext(traceparent: traceparent) {
      self = context
    } else {
      self.init(minting: random)
    }
  }

  package init(minting random: some RandomSource) {
    trace = TraceID(minting: random)
    isSampled = false
  }

  /// The header for a request made on behalf of this one.
  package func traceparent(_ random: some RandomSource) -> String {
    "00-\(trace)-\(hexadecimal(random.next() | 1))-\(isSampled ? "01" : "00")"
  }
}

private let dash = UInt8(ascii: "-")

private func hexadecimal(_ number: UInt64) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}

/// The number that these lower-case hexadecimal digits (at most 16) spell.
private func number(in bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
  var value: UInt64 = 0
  for index in range {
    switch bytes[index] {
    case let byte where byte >= 0x30 && byte <= 0x39: value = value << 4 | UInt64(byte - 0x30)
    case let byte where byte >= 0x61 && byte <= 0x66: value = value << 4 | UInt64(byte - 0x57)
    default: return nil
    }
  }
  return value
}
