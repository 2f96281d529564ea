import Testing

@testable import HTTP

@Suite("Request heads against the model") struct RequestHeadModelTests {
  @Test("the parser reads what the model reads, and refuses what it refuses", arguments: 0..<32)
  func agreesWithModel(seed: UInt64) throws {
    var generator = HeadGenerator(seed: seed)
    var reused = RequestHead()
    var accepted = 0
    for _ in 0..<400 {
      var bytes = generator.head()
      if Bool.random(using: &generator.random) { bytes = generator.mutated(bytes) }
      let outcome = reused.parse(bytes.span)
      let text = String(decoding: bytes, as: UTF8.self)
      if let model = ModelRequest(bytes) {
        accepted += 1
        try #require(outcome == .complete(byteCount: model.byteCount), "\(text.debugDescription)")
        #expect(ModelRequest(reused, byteCount: model.byteCount) == model)
      } else {
        let isAccepted = if case .complete = outcome { true } else { false }
        #expect(!isAccepted, "\(text.debugDescription)")
      }
    }
    #expect(accepted > 80)
  }

  @Test("a head cut anywhere asks for more, or is refused for the same reason", arguments: 0..<16)
  func cutAnywhere(seed: UInt64) {
    var generator = HeadGenerator(seed: 1000 + seed)
    for _ in 0..<60 {
      var bytes = generator.head()
      if Bool.random(using: &generator.random) { bytes = generator.mutated(bytes) }
      expectSameAnswer(whereverCut: bytes)
    }
  }

  @Test("what follows a head does not change it")
  func tailIsIgnored() throws {
    var generator = HeadGenerator(seed: 7)
    for _ in 0..<300 {
      let bytes = generator.head()
      var head = RequestHead()
      let alone = head.parse(bytes.span)
      for tail in [[0], [13, 10], [32], Array("GET / HTTP/1.1\r\n".utf8)] {
        let longer = bytes + tail
        let outcome = head.parse(longer.span)
        #expect(outcome == alone)
      }
    }
  }
}

/// Parses every prefix with a fresh value, and all of them one after the other with another.
func expectSameAnswer(whereverCut bytes: [UInt8], _ limits: HTTPLimits = .standard) {
  var whole = RequestHead()
  let answer = whole.parse(bytes.span, limits: limits)
  let text = String(decoding: bytes, as: UTF8.self).debugDescription
  var dripping = RequestHead()
  var isSettled = false
  for end in 0...bytes.count {
    var fresh = RequestHead()
    let outcome = fresh.parse(bytes.span.extracting(0..<end), limits: limits)
    let isFine = outcome == answer || outcome == .needMore
    #expect(isFine, "\(outcome), not \(answer), at \(end) of \(text)")
    if !isSettled {
      let drip = dripping.parse(bytes.span.extracting(0..<end), limits: limits)
      let isFine = drip == answer || drip == .needMore
      #expect(isFine, "\(drip), not \(answer), at \(end) of \(text)")
      isSettled = drip != .needMore
    }
  }
}
