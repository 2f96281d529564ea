import Crypto
import Platform
import Testing

@testable import Compression

/// The outcome of a whole stream, in the words of the fixtures.
enum Verdict: Equatable {
  case refused, incomplete
  case read([UInt8])

  var coded: UInt64 {
    switch self {
    case .refused: 0
    case .incomplete: 1
    case .read(let plain): 2 + UInt64(crc32(plain))
    }
  }
}

func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc = CRC32()
  crc.update(bytes.span)
  return crc.value
}

let ample = 4 << 20

/// A bare stream in the pieces that end at `cuts`; whatever follows its end counts as refused.
func inflate(
  _ bytes: [UInt8], cuts: [Int] = [], limit: Int = ample
) -> (verdict: Verdict, error: CompressionError?) {
  var machine = Inflate()
  var output: [UInt8] = []
  do throws(CompressionError) {
    var start = 0
    for end in cuts + [bytes.count] {
      var position = 0
      let piece = bytes.span.extracting(start..<end)
      try machine.run(
        piece, &position, into: &output, room: limit - output.count, limit: limit)
      if machine.isDone && (position < piece.count || end < bytes.count || machine.bits.count >= 8)
      {
        return (.refused, .malformed(.trailingBytes))
      }
      start = end
    }
  } catch {
    return (.refused, error)
  }
  return (machine.isDone ? .read(output) : .incomplete, nil)
}

/// A body in the pieces that end at `cuts`.
func decode(
  _ coding: ContentCoding, _ bytes: [UInt8], cuts: [Int] = [], limit: Int = ample
) -> (verdict: Verdict, error: CompressionError?) {
  let decoder = BodyDecoder(coding, limit: limit)
  var output: [UInt8] = []
  do throws(CompressionError) {
    var start = 0
    for end in cuts + [bytes.count] {
      try decoder.push(bytes.span.extracting(start..<end), into: &output)
      start = end
    }
    try decoder.finish()
  } catch {
    #expect(output.count <= limit)
    return (error == .truncated ? .incomplete : .refused, error)
  }
  #expect(output.count <= limit && output.count == decoder.decodedCount)
  return (.read(output), nil)
}

extension DeflateFixture {
  func bytes() throws -> [UInt8] { try #require(Base64.standard.decode(base64)) }

  func verdict(_ bytes: [UInt8], cuts: [Int] = []) -> Verdict {
    switch kind {
    case .bare: inflate(bytes, cuts: cuts).verdict
    case .zlib: decode(.deflate, bytes, cuts: cuts).verdict
    case .gzip: decode(.gzip, bytes, cuts: cuts).verdict
    }
  }
}

@Suite("Inflate") struct InflateTests {
  @Test("reads what zlib writes", arguments: DeflateFixture.all)
  func readsZlib(fixture: DeflateFixture) throws {
    guard case .read(let plain) = fixture.verdict(try fixture.bytes()) else {
      Issue.record("not read")
      return
    }
    #expect(plain.count == fixture.count)
    #expect(crc32(plain) == fixture.crc)
    if fixture.kind == .bare {
      #expect(decode(.deflate, try fixture.bytes()).verdict == .read(plain))
    }
  }

  @Test("reads the same whatever the pieces", arguments: DeflateFixture.all)
  func pieces(fixture: DeflateFixture) throws {
    let bytes = try fixture.bytes()
    let whole = fixture.verdict(bytes)
    #expect(fixture.verdict(bytes, cuts: Array(0..<bytes.count)) == whole)
    var random = RandomGenerator(SeededRandom(seed: UInt64(bytes.count)))
    for _ in 0..<20 {
      let cuts = (0..<Int.random(in: 1...8, using: &random)).map { _ in
        Int.random(in: 0...bytes.count, using: &random)
      }
      #expect(fixture.verdict(bytes, cuts: cuts.sorted()) == whole)
    }
    if bytes.count < 1000 {
      for cut in 0...bytes.count { #expect(fixture.verdict(bytes, cuts: [cut]) == whole) }
    }
  }

  @Test("whatever is cut off is missed", arguments: DeflateFixture.all)
  func truncation(fixture: DeflateFixture) throws {
    let bytes = try fixture.bytes()
    let members = fixture.name == "gzip members"
    for count in 0..<bytes.count where bytes.count < 1500 || count % 97 == 0 {
      let verdict = fixture.verdict(Array(bytes[..<count]))
      if members, case .read = verdict { continue }  // Cut between two of them.
      #expect(verdict == .incomplete, "\(count) of \(bytes.count)")
    }
    #expect(fixture.verdict(bytes + [0]) == .refused)
    #expect(fixture.verdict(bytes + [0x1F]) == (fixture.kind == .gzip ? .incomplete : .refused))
  }

  @Test("says of every flipped bit what zlib says", arguments: DeflateFixture.all)
  func flippedBits(fixture: DeflateFixture) throws {
    guard let expected = fixture.mutations else { return }
    let bytes = try fixture.bytes()
    var crc = CRC32()
    for bit in (fixture.kind == .zlib ? 16 : 0)..<(bytes.count * 8) {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let coded = fixture.verdict(changed).coded
      for shift in 0..<8 { crc.update(UInt8(truncatingIfNeeded: coded >> UInt64(8 * shift))) }
    }
    #expect(crc.value == expected)
  }

  @Test("agrees with the model on streams with several flipped bits", arguments: UInt64(0)..<40)
  func agreesWithModel(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let small = DeflateFixture.all.filter { $0.kind == .bare && $0.base64.utf8.count < 900 }
    for _ in 0..<25 {
      let fixture = try #require(small.randomElement(using: &random))
      var bytes = try fixture.bytes()
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Mostly near the start, where the codes are described.
        let reach = Bool.random(using: &random) ? min(40, bytes.count) : bytes.count
        bytes[Int.random(in: 0..<reach, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
      }
      let verdict = inflate(bytes, cuts: [bytes.count / 2]).verdict
      switch SlowInflate.inflate(bytes) {
      case .refused: #expect(verdict == .refused)
      case .incomplete: #expect(verdict == .incomplete)
      case .read(let plain, let used):
        #expect(verdict == (used == bytes.count ? .read(plain) : .refused))
      }
    }
  }

  @Test("agrees with the model on random codes, cut anywhere", arguments: UInt64(0)..<200)
  func randomCodes(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var writer = DeflateWriter()
    for block in 0..<3 { writer.randomBlock(isLast: block == 2, using: &random) }
    let bytes = writer.finished()
    guard case .read(let plain, let used) = SlowInflate.inflate(bytes) else {
      Issue.record("the writer wrote nonsense")
      return
    }
    #expect(used == bytes.count)
    #expect(inflate(bytes).verdict == .read(plain))
    #expect(inflate(bytes, cuts: Array(0..<bytes.count)).verdict == .read(plain))
    let middle = Int.random(in: 0...bytes.count, using: &random)
    #expect(inflate(bytes, cuts: [middle]).verdict == .read(plain))
    #expect(inflate(bytes, limit: plain.count).verdict == .read(plain))
    if !plain.isEmpty {
      #expect(inflate(bytes, limit: plain.count - 1).error == .tooLarge(limit: plain.count - 1))
    }
  }

  @Test("refuses by name what is no stream", arguments: BadStream.all)
  func namedDefects(stream: BadStream) {
    #expect(inflate(stream.bytes).error == .malformed(stream.defect))
    let cuts = Array(0..<stream.bytes.count)
    #expect(inflate(stream.bytes, cuts: cuts).error == .malformed(stream.defect))
    #expect(SlowInflate.inflate(stream.bytes) == .refused)
  }

  @Test("random bytes never trap, and get the model's verdict", arguments: UInt64(0)..<40)
  func noise(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    for _ in 0..<50 {
      let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
      let verdict = inflate(bytes).verdict
      switch SlowInflate.inflate(bytes) {
      case .refused: #expect(verdict == .refused)
      case .incomplete: #expect(verdict == .incomplete)
      case .read(let plain, let used):
        #expect(verdict == (used == bytes.count ? .read(plain) : .refused))
      }
    }
  }
}
