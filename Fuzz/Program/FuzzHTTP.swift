import Calendar
import HTTP

/// A request read whole, and read in two pieces, says the same; nothing it says traps.
@Sendable func fuzzRequestHead(_ bytes: Span<UInt8>) {
  var whole = RequestHead()
  let answer = whole.parse(bytes)
  var cut = RequestHead()
  let middle = place(in: bytes)
  let first = cut.parse(bytes.extracting(0..<middle))
  precondition(first == answer || first == .needMore, "\(first), not \(answer), at \(middle)")
  if first == .needMore {
    let second = cut.parse(bytes)
    // A refusal may wait for the end of its line.
    precondition(
      second == answer || (second == .needMore && !isComplete(answer)),
      "\(second), not \(answer), behind \(middle)")
  }
  guard case .complete(let byteCount) = answer else { return }
  precondition(byteCount <= bytes.count && byteCount <= HTTPLimits.standard.headBytes)
  precondition(whole.fields.count <= HTTPLimits.standard.fields)
  precondition(!(whole.isChunked && whole.contentLength != nil))
  precondition(whole.version == .http10 || whole.host != nil)
  for field in whole.fields.all {
    precondition(!field.name.isEmpty && field.value.utf8.allSatisfy { $0 >= 0x20 || $0 == 9 })
  }
  for segment in whole.pathSegments ?? [] {
    precondition(segment != ".." && segment.utf8.allSatisfy { $0 >= 0x20 })
  }
  for field in whole.queryFields { precondition(whole.query(field.name) != nil) }
  _ = (whole.credentials, whole.mediaType, whole.contentCodings, whole.cookie("a"), whole.query)
}

/// A response read whole, and read in two pieces, says the same.
@Sendable func fuzzResponseHead(_ bytes: Span<UInt8>) {
  for toHead in [false, true] {
    var whole = ResponseHead()
    let answer = whole.parse(bytes, toHead: toHead)
    var cut = ResponseHead()
    let middle = place(in: bytes)
    let first = cut.parse(bytes.extracting(0..<middle), toHead: toHead)
    precondition(first == answer || first == .needMore, "\(first), not \(answer), at \(middle)")
    if first == .needMore {
      let second = cut.parse(bytes, toHead: toHead)
      // A refusal may wait for the end of its line.
      precondition(
        second == answer || (second == .needMore && !isComplete(answer)),
        "\(second), not \(answer), behind \(middle)")
    }
    guard case .complete(let byteCount) = answer else { continue }
    precondition(byteCount <= bytes.count && !whole.status.isInterim)
    precondition(!toHead || whole.body == .none)
    for field in whole.fields.all { precondition(!field.name.isEmpty) }
    for name in ["date", "retry-after"] as [StaticString] {
      _ = whole.value(of: name).flatMap { Instant(httpDate: Array($0.utf8).span, now: .epoch) }
    }
  }
}

/// A chunked body read whole, and read in two pieces, yields the same bytes and ends at one place.
@Sendable func fuzzChunkedBody(_ bytes: Span<UInt8>) {
  let middle = place(in: bytes)
  let whole = body(of: bytes, cutAt: bytes.count)
  let pieces = body(of: bytes, cutAt: middle)
  precondition(whole == pieces, "\(pieces), not \(whole), cut at \(middle)")
  precondition(whole.data.count <= 4096)
  guard let end = whole.end else { return }
  // What was read can be written, and is read again.
  var again: [UInt8] = []
  if !whole.data.isEmpty {
    ChunkedEncoder.appendHead(of: whole.data.count, to: &again)
    again += whole.data
    ChunkedEncoder.appendTail(to: &again)
  }
  ChunkedEncoder.appendEnd(to: &again)
  let second = body(of: again.span, cutAt: again.count)
  precondition(second.data == whole.data && second.end == again.count && end <= bytes.count)
}

private func isComplete(_ outcome: HeadOutcome) -> Bool {
  if case .complete = outcome { true } else { false }
}

private struct Body: Equatable {
  var data: [UInt8] = []
  var end: Int?
  var problem: HTTPProblem?
}

private func body(of bytes: Span<UInt8>, cutAt middle: Int) -> Body {
  var decoder = ChunkedDecoder(maximumBytes: 4096)
  var body = Body()
  for range in [0..<middle, middle..<bytes.count] where body.end == nil && body.problem == nil {
    let piece = bytes.extracting(range)
    var position = 0
    do {
      reading: while true {
        switch try decoder.next(piece, at: &position) {
        case .needMore: break reading
        case .data(let range):
          for index in range { body.data.append(piece[index]) }
        case .end:
          body.end = range.lowerBound + position
          break reading
        }
      }
    } catch {
      body.problem = error
    }
  }
  return body
}

/// A place that changes with the bytes and is the same for the same ones.
private func place(in bytes: Span<UInt8>) -> Int {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
  return Int(hash >> 33) % (bytes.count + 1)
}
