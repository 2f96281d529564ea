import Platform
import Testing

@testable import Telemetry

@Suite("Trace context") struct TraceContextTests {
  static let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  func context(_ text: some Collection<UInt8>) -> TraceContext? {
    let bytes = Array(text)
    return TraceContext(traceparent: bytes.span)
  }

  @Test("the header of the W3C's example gives its trace")
  func example() {
    let context = context(Self.example.utf8)
    #expect(context?.trace.description == "0af7651916cd43dd8448eb211c80319c")
    #expect(context?.isSampled == true)
  }

  @Test("a header cut anywhere, or with any one byte changed to a foreign one, is none")
  func broken() {
    let whole = Array(Self.example.utf8)
    for end in 0..<whole.count { #expect(context(whole[..<end]) == nil) }
    for index in whole.indices {
      for byte: UInt8 in [0x00, 0x20, 0x41, 0x67, 0x80, 0xFF] {
        var changed = whole
        changed[index] = byte
        #expect(context(changed) == nil)
      }
    }
  }

  @Test(
    "what the standard forbids is refused, and a later version may go on",
    arguments: [
      ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
      ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
      ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
      ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false),
      ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", true),
      ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", false),
    ])
  func versions(text: String, isGood: Bool) { #expect((context(text.utf8) != nil) == isGood) }

  @Test("a minted trace is read back from the header that is sent on")
  func minted() {
    let random = SeededRandom(seed: 1)
    let first = TraceContext(traceparent: nil, or: random)
    let second = TraceContext(traceparent: nil, or: random)
    #expect(first != second)
    #expect(context(first.traceparent(random).utf8) == first)
    let bytes = Array(Self.example.utf8)
    let taken = TraceContext(traceparent: bytes.span, or: random)
    #expect(taken == context(bytes))
  }
}
