import Platform
import Testing

@testable import HTTP

@Suite("Chunked bodies") struct ChunkedTests {
  @Test("what the encoder writes, the decoder reads, wherever it is cut", arguments: 0..<8)
  func roundTrip(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var wire: [UInt8] = []
    var data: [UInt8] = []
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      let chunk = (0..<Int.random(in: 1..<20, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      data += chunk
      ChunkedEncoder.appendHead(of: chunk.count, to: &wire)
      wire += chunk
      ChunkedEncoder.appendTail(to: &wire)
    }
    let trailers = FieldLines(["X-Sum": "abc"])
    ChunkedEncoder.appendEnd(
      trailers: seed.isMultiple(of: 2) ? trailers : FieldLines(), to: &wire)
    let outcome = Decoded(wire + [1, 2, 3])
    #expect(outcome.data == data)
    #expect(outcome.end == wire.count)
    #expect(outcome.trailers == (seed.isMultiple(of: 2) ? ["X-Sum: abc"] : []))
    expectSameBody(whereverCut: wire)
  }

  @Test("the decoder reads what the model reads, and refuses what it refuses", arguments: 0..<16)
  func agreesWithModel(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var accepted = 0
    for _ in 0..<300 {
      var wire: [UInt8] = []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        wire += Array(Self.chunks.randomElement(using: &random)!.utf8)
      }
      wire += Array(Self.ends.randomElement(using: &random)!.utf8)
      if !wire.isEmpty, Bool.random(using: &random) {
        let place = Int.random(in: 0..<wire.count, using: &random)
        wire[place] = Self.spices.randomElement(using: &random)!
      }
      let outcome = Decoded(wire)
      let text = String(decoding: wire, as: UTF8.self).debugDescription
      if let model = ModelBody(wire) {
        accepted += 1
        #expect(outcome.problem == nil, "\(text)")
        #expect(outcome.data == model.data, "\(text)")
        #expect(outcome.end == model.end, "\(text)")
      } else {
        #expect(outcome.end == nil, "\(text)")
      }
    }
    #expect(accepted > 25)
  }

  static let chunks = [
    "5\r\nhello\r\n", "1\r\n\r\r\n", "000a\r\n0123456789\r\n", "A\r\n0\r\n\r\n56789\r\n",
    "2;a\r\nab\r\n", "3;a=b;c=\"d\\\"e\"\r\nabc\r\n", "2;=\r\nab\r\n", "2 \r\nab\r\n", "2\nab\n",
  ]
  static let ends = [
    "0\r\n\r\n", "0\r\n\r\nGET /", "00000\r\nX: y\r\n\r\n", "0;a=\"b\"\r\n\r\n",
    "0\r\nX : y\r\n\r\n",
    "0\r\n", "", "0\r\n\n", "0\r\nContent-Length: 5\r\n\r\n",
  ]
  static let spices = Array("\r\n;=\"\\ 0aG:\0\t".utf8) + [0x80]

  @Test("a mixture of chunks, extensions and trailers survives every pair of cuts")
  func everyPairOfCuts() {
    expectSameBody(
      whereverCut: Array(
        "5;a=\"b\\\"c\";d\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\nZ:\r\n\r\nNEXT".utf8))
  }

  @Test("is refused by name, wherever it is cut", arguments: hostile)
  func refuses(text: String, problem: HTTPProblem) {
    let wire = Array(text.utf8)
    #expect(Decoded(wire).problem == problem)
    #expect(ModelBody(wire) == nil)
    expectSameBody(whereverCut: Array(wire.prefix(60)))
  }

  static let hostile: [(String, HTTPProblem)] = [
    ("\r\n", .badChunkSize), ("\n", .bareLineFeed), (";a\r\n", .badChunkSize),
    (" 5\r\nhello\r\n", .badChunkSize), ("\t5\r\nhello\r\n", .badChunkSize),
    ("5 \r\nhello\r\n", .badChunkSize), ("5\t\r\nhello\r\n", .badChunkSize),
    ("5 ;a\r\nhello\r\n", .badChunkSize), ("-5\r\nhello\r\n", .badChunkSize),
    ("+5\r\nhello\r\n", .badChunkSize), ("0x5\r\nhello\r\n", .badChunkSize),
    ("5h\r\nhello\r\n", .badChunkSize), ("g\r\n", .badChunkSize), ("5,5\r\n", .badChunkSize),
    ("5_0\r\n", .badChunkSize), ("\"5\"\r\n", .badChunkSize), ("5\0\r\n", .badChunkSize),
    ("5.0\r\n", .badChunkSize), ("5\u{e9}\r\n", .badChunkSize), ("5\u{b}\r\n", .badChunkSize),
    ("ffffffffffffffff\r\n", .badChunkSize), ("8000000000000000\r\n", .badChunkSize),
    ("00000000000000005\r\nhello\r\n", .chunkSizeTooLong),
    ("10000000000000005\r\nhello\r\n", .chunkSizeTooLong),
    ("7fffffffffffffff\r\n", .bodyTooLarge), ("10001\r\n", .bodyTooLarge),
    ("1\r\na\r\n10000\r\n", .bodyTooLarge),
    ("5\nhello\r\n", .bareLineFeed), ("5\rhello\r\n", .bareCarriageReturn),
    ("5\r\r\nhello\r\n", .bareCarriageReturn), ("5\n\r\nhello\r\n", .bareLineFeed),
    ("5\r\nhello\n", .missingChunkEnd), ("5\r\nhello\r5", .missingChunkEnd),
    ("5\r\nhelloX\r\n", .missingChunkEnd), ("5\r\nhello0\r\n\r\n", .missingChunkEnd),
    ("5\r\nhell\r\n0\r\n\r\n", .missingChunkEnd), ("5\r\nhello\r\r\n", .missingChunkEnd),
    ("5;\r\n", .badChunkExtension), ("5;;a\r\n", .badChunkExtension),
    ("5; a\r\n", .badChunkExtension), ("5;a \r\n", .badChunkExtension),
    ("5;=b\r\n", .badChunkExtension), ("5;a=\r\n", .badChunkExtension),
    ("5;a=;b\r\n", .badChunkExtension), ("5;a=b=c\r\n", .badChunkExtension),
    ("5;a=b\"c\"\r\n", .badChunkExtension), ("5;a=\"b\"c\r\n", .badChunkExtension),
    ("5;a=\"b\r\n", .badChunkExtension), ("5;a=\"b\\\r\n", .badChunkExtension),
    ("5;a=\"\0\"\r\n", .badChunkExtension), ("5;a=\"\u{e9}\"\r\n", .badChunkExtension),
    ("5;a\0\r\n", .badChunkExtension),
    ("5;caf\u{e9}\r\n", .badChunkExtension), ("5;a b\r\n", .badChunkExtension),
    ("5;a\nX\r\n", .bareLineFeed), ("5;\n", .bareLineFeed), ("5;a=\"\n\"\r\n", .bareLineFeed),
    ("5;a\rX", .bareCarriageReturn), ("5;a=b\r;c\r\n", .bareCarriageReturn),
    ("5;\(String(repeating: "a", count: 256))\r\n", .chunkExtensionTooLong),
    (
      String(repeating: "1;\(String(repeating: "a", count: 250))\r\nx\r\n", count: 17),
      .chunkExtensionTooLong
    ),
    ("0\r\n\n", .bareLineFeed), ("0\r\n\rX\n", .bareCarriageReturn), ("0\n\n", .bareLineFeed),
    ("0\r\nX\r\n\r\n", .missingColon), ("0\r\nX : y\r\n\r\n", .spaceBeforeColon),
    ("0\r\n X: y\r\n\r\n", .foldedLine), ("0\r\nX: y\r\n z\r\n\r\n", .foldedLine),
    ("0\r\n: y\r\n\r\n", .emptyFieldName), ("0\r\nX: \0\r\n\r\n", .badFieldValue),
    ("0\r\nX: y\nZ: w\r\n\r\n", .bareLineFeed), ("0\r\nX: y\rZ: w\r\n\r\n", .bareCarriageReturn),
    ("0\r\n5\r\nhello\r\n", .missingColon), ("0\r\nGET / HTTP/1.1\r\n\r\n", .spaceBeforeColon),
    ("0\r\nContent-Length: 5\r\n\r\n", .forbiddenTrailer),
    ("0\r\ntransfer-encoding: chunked\r\n\r\n", .forbiddenTrailer),
    ("0\r\nHost: a\r\n\r\n", .forbiddenTrailer),
    ("0\r\nConnection: close\r\n\r\n", .forbiddenTrailer),
    ("0\r\n\(String(repeating: "X: y\r\n", count: 17))\r\n", .tooManyFields),
    ("0\r\nX: \(String(repeating: "y", count: 4096))\r\n\r\n", .trailersTooLarge),
  ]

  @Test("the greatest sizes and extensions pass")
  func greatest() {
    let sizes = "0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n"
    #expect(Decoded(Array(sizes.utf8)).data == Array("hello".utf8))
    let long = "1;\(String(repeating: "a", count: 255))\r\nx\r\n0\r\n\r\n"
    #expect(Decoded(Array(long.utf8)).data == [UInt8(ascii: "x")])
    let whole = "10000\r\n\(String(repeating: "d", count: 65536))\r\n0\r\n\r\n"
    #expect(Decoded(Array(whole.utf8)).data.count == 65536)
  }

  @Test("a refusal is final")
  func refusalIsFinal() {
    var decoder = ChunkedDecoder(maximumBytes: 10)
    let bytes = Array("x5\r\nhello\r\n".utf8)
    for _ in 0..<2 {
      var position = 1
      #expect(throws: HTTPProblem.badChunkSize) {
        var start = 0
        _ = try decoder.next(bytes.span, at: &start)
        _ = try decoder.next(bytes.span, at: &position)
      }
    }
  }
}

/// All that a decoder says about bytes that come in the given pieces.
struct Decoded: Equatable {
  var data: [UInt8] = []
  var trailers: [String] = []
  /// Where the next message begins, if the body ended.
  var end: Int?
  var problem: HTTPProblem?

  init(_ wire: [UInt8], cutAt cuts: [Int] = []) {
    var decoder = ChunkedDecoder(maximumBytes: 65536)
    var start = 0
    for cut in cuts + [wire.count] where problem == nil && end == nil {
      let piece = Array(wire[start..<cut])
      var position = 0
      do {
        reading: while true {
          switch try decoder.next(piece.span, at: &position) {
          case .needMore:
            #expect(position == piece.count)
            break reading
          case .data(let range):
            #expect(!range.isEmpty)
            data += piece[range]
          case .end:
            end = start + position
            trailers = decoder.trailers.all.map { "\($0.name): \($0.value)" }
            break reading
          }
        }
      } catch {
        problem = error
      }
      start = cut
    }
  }
}

func expectSameBody(whereverCut wire: [UInt8]) {
  let whole = Decoded(wire)
  for first in 0...wire.count {
    for second in first...wire.count {
      let pieces = Decoded(wire, cutAt: [first, second])
      #expect(pieces == whole, "cut at \(first) and \(second)")
    }
  }
}

/// A chunked body read the way the grammar is written; nil where it is not whole, or wrong.
struct ModelBody {
  var data: [UInt8] = []
  var end: Int

  init?(_ wire: [UInt8]) {
    var rest = wire[...]
    let sizeLine = /([0-9A-Fa-f]{1,16})(.*)/.dotMatchesNewlines()
    let token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    let quoted =
      "\"(?:[^\"\\\\\u{0}-\u{8}\u{a}-\u{1f}\u{7f}]|\\\\[^\u{0}-\u{8}\u{a}-\u{1f}\u{7f}])*\""
    let extensions = try? Regex("(?:;\(token)(?:=(?:\(token)|\(quoted)))?)*")
    var extensionTotal = 0
    while true {
      guard let line = Self.line(&rest), line.allSatisfy({ $0 < 0x80 }),
        let match = String(decoding: line, as: UTF8.self).wholeMatch(of: sizeLine),
        let size = Int(match.1, radix: 16), let extensions,
        String(match.2).wholeMatch(of: extensions) != nil, data.count + size <= 65536
      else { return nil }
      let extensionBytes = match.2.utf8.count  // The CR counts, the first ; does not.
      extensionTotal += extensionBytes
      guard extensionBytes <= 256, extensionTotal <= 4096 else { return nil }
      if size == 0 { break }
      guard rest.count >= size + 2 else { return nil }
      data += rest.prefix(size)
      rest = rest.dropFirst(size)
      guard Array(rest.prefix(2)) == [13, 10] else { return nil }
      rest = rest.dropFirst(2)
    }
    // The trailers are fields, so let the model of heads read them.
    let head = Array("GET / HTTP/1.0\r\n".utf8) + rest
    guard let model = ModelRequest(head), model.fields.count <= 16 else { return nil }
    let forbidden = ["content-length", "transfer-encoding", "host", "connection", "expect"]
    guard model.fields.allSatisfy({ !forbidden.contains(ModelRequest.lower($0[0])) }) else {
      return nil
    }
    end = wire.count - rest.count + model.byteCount - 16
    guard model.byteCount - 16 <= 4096 else { return nil }
  }

  private static func line(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
    for index in rest.indices.dropLast() where rest[index] == 13 && rest[index + 1] == 10 {
      let line = Array(rest[rest.startIndex..<index])
      rest = rest[(index + 2)...]
      return line.contains(13) || line.contains(10) ? nil : line
    }
    return nil
  }
}
