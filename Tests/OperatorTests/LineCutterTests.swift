import TestSupport
import Testing

@testable import Operator

@Suite("The line cutter") struct LineCutterTests {
  /// What a stream is cut into: the lines with their ends, torn ones by their beginning.
  private struct Outcome: Equatable {
    var lines: [[UInt8]] = []
    var torn: [[UInt8]] = []
    var consumed = 0
  }

  /// Feeds a stream through a buffer of this size, in pieces as they come.
  private static func cut(
    _ stream: [UInt8], buffer size: Int, piece: () -> Int
  ) throws -> Outcome {
    var cutter = LineCutter()
    var outcome = Outcome()
    var buffer: [UInt8] = []
    var read = 0
    var isEnd = false
    while true {
      while !isEnd, buffer.count < size {
        let count = min(piece(), size - buffer.count, stream.count - read)
        buffer += stream[read..<(read + count)]
        read += count
        isEnd = count == 0
        if count > 0, buffer.count < size { break }
      }
      let cut = cutter.cut(buffer.span, isFull: buffer.count == size, isEnd: isEnd)
      guard let cut else {
        if isEnd { break }
        continue
      }
      try #require(cut.consumed > 0 && cut.lines.upperBound <= cut.consumed)
      if cut.isTorn {
        outcome.torn.append(Array(buffer[cut.lines]))
      } else {
        var rest = buffer[cut.lines]
        while let newline = rest.firstIndex(of: 0x0A) {
          outcome.lines.append(Array(rest[...newline]))
          rest = rest[(newline + 1)...]
        }
        if !rest.isEmpty { outcome.lines.append(Array(rest)) }
      }
      outcome.consumed += cut.consumed
      buffer.removeFirst(cut.consumed)
      if isEnd, buffer.isEmpty { break }
    }
    return outcome
  }

  /// The same, from the whole stream.
  private static func model(_ stream: [UInt8], buffer size: Int) -> (short: [[UInt8]], long: Int) {
    var short: [[UInt8]] = []
    var long = 0
    var line: [UInt8] = []
    for byte in stream {
      line.append(byte)
      guard byte == 0x0A else { continue }
      if line.count > size { long += 1 } else { short.append(line) }
      line = []
    }
    if line.count > size { long += 1 } else if !line.isEmpty { short.append(line) }
    return (short, long)
  }

  @Test("every line comes once and whole, however the stream arrives", arguments: UInt64(0)..<300)
  func agreesWithModel(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let size = Int.random(in: 1...40, using: &random)
    let stream = (0..<Int.random(in: 0...600, using: &random)).map { _ in
      Int.random(in: 0..<12, using: &random) == 0
        ? UInt8(0x0A) : UInt8.random(in: 0x61...0x7A, using: &random)
    }
    let outcome = try Self.cut(stream, buffer: size) { Int.random(in: 1...50, using: &random) }
    let (short, long) = Self.model(stream, buffer: size)
    #expect(outcome.consumed == stream.count)
    // A line that just fits the buffer is whole in it or torn, as the end comes with it or not.
    let fits = short.count { $0.count == size && $0.last != 0x0A }
    #expect((long...(long + fits)).contains(outcome.torn.count))
    #expect(outcome.lines == short.filter { outcome.lines.contains($0) })
    #expect(outcome.lines.count + outcome.torn.count == short.count + long)
    #expect(outcome.torn.allSatisfy { $0.count == size })
  }

  @Test("a line longer than the buffer is handed out once, and what follows is whole")
  func tornLine() throws {
    let stream = Array((String(repeating: "x", count: 1_000) + "\nnext\n").utf8)
    let outcome = try Self.cut(stream, buffer: 16) { 7 }
    #expect(outcome.torn == [Array(repeating: UInt8(ascii: "x"), count: 16)])
    #expect(outcome.lines == [Array("next\n".utf8)])
  }

  @Test("the last line needs no newline")
  func lastLine() throws {
    let outcome = try Self.cut(Array("a\nb".utf8), buffer: 16) { 16 }
    #expect(outcome.lines == [Array("a\n".utf8), Array("b".utf8)])
  }
}
