/// Takes a chunked body apart, however its bytes arrive: it keeps a state, never a byte of data.
///
///     5;name=value␍␊ hello␍␊ 0␍␊ Trailer: value␍␊ ␍␊
///
/// Strict where others guess: sizes are hexadecimal digits and nothing else, extensions obey their
/// grammar and have bounds, every line ends in CR LF, and trailers obey the rules of fields.
package struct ChunkedDecoder: Sendable {
  package enum Step: Equatable, Sendable {
    /// All the bytes lent are used up, and the body goes on.
    case needMore
    /// The next bytes of the body stand here, in the bytes lent. Never empty.
    case data(Range<Int>)
    /// The body is over; the next message begins at the position.
    case end
  }

  private enum State {
    case size, sizeEnd
    case extensionName, extensionRest, value, valueRest, quoted, escaped, quotedEnd
    case data, dataEnd, dataEndLineFeed
    case trailers, done
  }

  /// The trailer fields, once the body is over.
  package private(set) var trailers = FieldSection()
  /// The bytes of all chunks announced so far.
  package private(set) var announced = 0
  /// The most that may be announced; a chunk that would exceed it is refused by its size alone.
  package let maximumBytes: Int

  private let limits: HTTPLimits
  private var state = State.size
  private var digits = 0
  private var size: UInt64 = 0
  private var remaining = 0
  private var extensionBytes = 0
  private var extensionTotal = 0
  private var trailerBytes: [UInt8] = []
  private var problem: HTTPProblem?

  package init(maximumBytes: Int, limits: HTTPLimits = .standard) {
    self.maximumBytes = maximumBytes
    self.limits = limits
  }

  /// Reads on in `bytes` at `position`, and moves it behind what was read. A refusal is final.
  package mutating func next(
    _ bytes: Span<UInt8>, at position: inout Int
  ) throws(HTTPProblem) -> Step {
    if let problem { throw problem }
    do {
      while position < bytes.count {
        switch state {
        case .done: return .end
        case .data:
          let end = position + min(remaining, bytes.count - position)
          remaining -= end - position
          if remaining == 0 { state = .dataEnd }
          defer { position = end }
          return .data(position..<end)
        case .trailers: try takeTrailerLine(bytes, &position)
        default:
          try take(bytes[position])
          position &+= 1
        }
      }
      return state == .done ? .end : .needMore
    } catch {
      problem = error
      throw error
    }
  }

  /// One byte of a line between the data.
  private mutating func take(_ byte: UInt8) throws(HTTPProblem) {
    switch state {
    case .size: try takeSize(byte)
    case .sizeEnd:
      guard byte == Byte.lineFeed else { throw .bareCarriageReturn }
      try beginChunk()
    case .dataEnd:
      guard byte == Byte.carriageReturn else { throw .missingChunkEnd }
      state = .dataEndLineFeed
    case .dataEndLineFeed:
      guard byte == Byte.lineFeed else { throw .missingChunkEnd }
      (state, digits, size, extensionBytes) = (.size, 0, 0, 0)
    default: try takeExtension(byte)
    }
  }

  private mutating func takeSize(_ byte: UInt8) throws(HTTPProblem) {
    if let digit = Byte.hexValue(byte) {
      guard digits < 16 else { throw .chunkSizeTooLong }
      size = size << 4 | UInt64(digit)
      digits &+= 1
      return
    }
    guard digits > 0 else { throw byte == Byte.lineFeed ? .bareLineFeed : .badChunkSize }
    switch byte {
    case Byte.carriageReturn: state = .sizeEnd
    case Byte.semicolon: state = .extensionName
    case Byte.lineFeed: throw .bareLineFeed
    default: throw .badChunkSize
    }
  }

  /// `;name`, `;name=token` or `;name="quoted"`, as often as the bounds allow.
  private mutating func takeExtension(_ byte: UInt8) throws(HTTPProblem) {
    extensionBytes &+= 1
    extensionTotal &+= 1
    guard extensionBytes <= limits.chunkExtensionBytes,
      extensionTotal <= limits.chunkExtensionTotalBytes
    else { throw .chunkExtensionTooLong }
    switch (state, byte) {
    case (.quoted, Byte.quote): state = .quotedEnd
    case (.quoted, Byte.backslash): state = .escaped
    case (.quoted, _), (.escaped, _):
      guard byte == Byte.tab || (byte >= 0x20 && byte < 0x7F) else {
        throw byte == Byte.lineFeed ? .bareLineFeed : .badChunkExtension
      }
      state = .quoted
    case (.value, Byte.quote): state = .quoted
    case (.extensionRest, Byte.equals): state = .value
    case (.extensionRest, Byte.semicolon), (.valueRest, Byte.semicolon),
      (.quotedEnd, Byte.semicolon):
      state = .extensionName
    case (.extensionRest, Byte.carriageReturn), (.valueRest, Byte.carriageReturn),
      (.quotedEnd, Byte.carriageReturn):
      state = .sizeEnd
    case (.extensionName, _) where Scan.isToken(byte): state = .extensionRest
    case (.extensionRest, _) where Scan.isToken(byte): break
    case (.value, _) where Scan.isToken(byte): state = .valueRest
    case (.valueRest, _) where Scan.isToken(byte): break
    default: throw byte == Byte.lineFeed ? .bareLineFeed : .badChunkExtension
    }
  }

  private mutating func beginChunk() throws(HTTPProblem) {
    guard let count = Int(exactly: size) else { throw .badChunkSize }
    guard count > 0 else {
      state = .trailers
      return
    }
    guard count <= maximumBytes - announced else { throw .bodyTooLarge }
    announced += count
    remaining = count
    state = .data
  }

  /// Gathers a line of the trailer section, and reads the section again with every line: there are
  /// few and they are short, so that costs less than a second parser.
  private mutating func takeTrailerLine(
    _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(HTTPProblem) {
    let room = min(limits.trailerBytes, HTTPLimits.greatestHeadBytes) - trailerBytes.count
    let stop = min(bytes.count, position + room)
    var lineIsWhole = false
    while position < stop, !lineIsWhole {
      lineIsWhole = bytes[position] == Byte.lineFeed
      trailerBytes.append(bytes[position])
      position &+= 1
    }
    guard lineIsWhole || trailerBytes.count >= limits.trailerBytes else { return }
    var framing = Framing(.trailers)
    var section = FieldSection()
    let end = try section.parse(
      trailerBytes.span, from: 0, to: trailerBytes.count, atMost: limits.trailerFields,
      framing: &framing)
    if end != nil {
      section.copy(trailerBytes.span)
      trailers = section
      state = .done
    } else if trailerBytes.count >= limits.trailerBytes {
      throw .trailersTooLarge
    }
  }
}

/// The pieces of a chunked body as we send it.
package enum ChunkedEncoder {
  /// What stands before `count` bytes of data; they are followed by `appendTail`.
  package static func appendHead(of count: Int, to out: inout [UInt8]) {
    precondition(count > 0, "an empty chunk would end the body")
    out.append(hexadecimal: count)
    out.append("\r\n")
  }

  package static func appendTail(to out: inout [UInt8]) { out.append("\r\n") }

  package static func appendEnd(trailers: FieldLines = FieldLines(), to out: inout [UInt8]) {
    out.append("0\r\n")
    out.append(contentsOf: trailers.bytes)
    out.append("\r\n")
  }
}
