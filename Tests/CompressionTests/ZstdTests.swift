import Crypto
import Platform
import Testing

@testable import Compression

func zstd(_ bytes: [UInt8], level: Int = 3) -> [UInt8] {
  ZstdCompressor().compress(bytes.span, level: level)
}

func unzstd(_ bytes: [UInt8], exactSize: Int, limit: Int = ample) throws(CompressionError)
  -> [UInt8]
{
  try ZstdDecompressor().decompress(bytes.span, exactSize: exactSize, limit: limit)
}

@Suite("zstd") struct ZstdTests {
  static func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = RandomGenerator(SeededRandom(seed: seed))
    return (0..<count).map { _ in UInt8.random(in: 0..<20, using: &random) }
  }

  @Test("reads what it wrote, at every level, with contexts used again")
  func roundTrips() throws {
    let (compressor, decompressor) = (ZstdCompressor(), ZstdDecompressor())
    for level in [-5, 0, 1, 3, 9, 19, 22] {
      for count in [0, 1, 100, 255, 256, 70_000] {
        let plain = Self.sample(count)
        let frame = compressor.compress(plain.span, level: level)
        let again = try decompressor.decompress(frame.span, exactSize: count, limit: count)
        #expect(again == plain)
        let header = try ZstdFrame(head: frame.span)
        #expect(header.contentSize == UInt64(count))
        #expect(decode(.zstd, frame, limit: count).verdict == .read(plain))
      }
    }
  }

  @Test("large content keeps a window that is accepted")
  func large() throws {
    let plain = [UInt8](repeating: 7, count: 9 << 20)
    let frame = zstd(plain)
    #expect(try unzstd(frame, exactSize: plain.count, limit: plain.count) == plain)
    #expect(decode(.zstd, frame, limit: plain.count).verdict == .read(plain))
  }

  @Test("the size must be within the limit, declared, and as expected")
  func sizes() {
    let frame = zstd(Self.sample(1000))
    #expect(throws: CompressionError.tooLarge(limit: 999)) {
      try unzstd(frame, exactSize: 1000, limit: 999)
    }
    #expect(throws: CompressionError.malformed(.contentSize(declared: 1000, expected: 1001))) {
      try unzstd(frame, exactSize: 1001)
    }
    // The streaming form of the same: no size declared.
    let undeclared = Fixture.undeclared
    #expect(throws: CompressionError.malformed(.noContentSize)) {
      try unzstd(undeclared, exactSize: Fixture.plain.count)
    }
    #expect(decode(.zstd, undeclared).verdict == .read(Fixture.plain))
  }

  @Test("a frame that lies about its size is found out")
  func lies() throws {
    let plain = Self.sample(1000)
    var frame = zstd(plain)
    // Single segment, two bytes of size, which count from 256.
    try #require(frame[4] >> 6 == 1 && frame[4] & 32 != 0)
    for claim in [999, 1001, 60_000] {
      let coded = claim - 256
      (frame[5], frame[6]) = (UInt8(coded & 255), UInt8(coded >> 8))
      #expect(throws: CompressionError.self) { try unzstd(frame, exactSize: claim) }
      #expect(decode(.zstd, frame).verdict == .refused)
    }
  }

  @Test("one frame, and nothing before or behind it")
  func oneFrame() {
    let (one, plain) = (zstd(Self.sample(300)), Self.sample(300))
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    for more in [one, skippable, [0], [0x28]] {
      #expect(throws: CompressionError.malformed(.notOneFrame)) {
        try unzstd(one + more, exactSize: 300)
      }
    }
    for low: UInt8 in 0x50...0x5F {
      let frame = [low] + skippable.dropFirst() + one
      #expect(throws: CompressionError.malformed(.skippableFrame)) {
        try unzstd(frame, exactSize: 300)
      }
      #expect(decode(.zstd, frame).error == .malformed(.skippableFrame))
    }
    #expect(decode(.zstd, one + skippable).error == .malformed(.skippableFrame))
    #expect(decode(.zstd, one + [0, 0, 0, 0, 0]).error == .malformed(.header))
    // A body may be several frames (RFC 8878, 3); the limit counts them all.
    #expect(decode(.zstd, one + one, limit: 600).verdict == .read(plain + plain))
    #expect(decode(.zstd, one + one, limit: 599).error == .tooLarge(limit: 599))
  }

  @Test("dictionaries, wide windows and reserved bits are refused before anything is decoded")
  func heads() {
    let magic = ZstdFrame.magic
    func refusal(_ head: [UInt8]) -> CompressionError? {
      do throws(CompressionError) {
        _ = try unzstd(magic + head, exactSize: 0)
        return nil
      } catch {
        return error
      }
    }
    for width: UInt8 in 1...3 {
      let head = [0x20 | width] + [UInt8](repeating: 0, count: 9)
      #expect(refusal(head) == .malformed(.dictionary))
      #expect(decode(.zstd, magic + head).error == .malformed(.dictionary))
    }
    #expect(refusal([0x28, 0]) == .malformed(.reservedFlag))
    #expect(decode(.zstd, magic + [0x28, 0]).error == .malformed(.reservedFlag))
    // Window bytes: exponent 13 is 8 MiB, an eighth more is too wide, as is 2^41.
    let tail: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
    #expect(refusal([0x80, 13 << 3] + tail) != .malformed(.window))
    for window: UInt8 in [13 << 3 | 1, 14 << 3, 0xFF] {
      #expect(refusal([0x80, window] + tail) == .malformed(.window))
      #expect(decode(.zstd, magic + [0x80, window] + tail).error == .malformed(.window))
    }
    // A single segment of 2^63 bytes.
    #expect(refusal([0xE0, 0, 0, 0, 0, 0, 0, 0, 0x80]) == .malformed(.window))
  }

  @Test("what is cut off is missed, at every byte")
  func truncation() {
    let plain = Self.sample(400)
    let frame = zstd(plain)
    for count in 0..<frame.count {
      let part = Array(frame[..<count])
      #expect(throws: CompressionError.truncated) { try unzstd(part, exactSize: 400) }
      #expect(decode(.zstd, part).error == .truncated)
      #expect(decode(.zstd, frame, cuts: [count]).verdict == .read(plain))
    }
    #expect(decode(.zstd, frame, cuts: Array(0..<frame.count)).verdict == .read(plain))
  }

  @Test("no flipped bit traps or passes the bound; one under a checksum is always noticed")
  func flippedBits() {
    for bit in 0..<(Fixture.checked.count * 8) {
      var changed = Fixture.checked
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      // Some bits mean nothing (unused ones, padding): then the bytes are the right ones still.
      let outcome = decode(.zstd, changed, limit: 1000)
      if case .read(let plain) = outcome.verdict { #expect(plain == Fixture.plain) }
    }
    let frame = zstd(Self.sample(400))
    for bit in 0..<(frame.count * 8) {
      var changed = frame
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      if let plain = try? unzstd(changed, exactSize: 400) { #expect(plain.count == 400) }
      _ = decode(.zstd, changed, limit: 1000)
    }
  }

  @Test("a frame inside a frame's head is not taken for the frame")
  func frameInsideHead() {
    // The fuzzer's find: 28 is the declared size, and with what follows an empty frame of its own.
    // As content those bytes are a block that is too large.
    let bytes = Fixture.hexadecimal("28b52ffd2028b52ffd2000010000")
    for cut in 0...bytes.count {
      let error = decode(.zstd, bytes, cuts: [cut]).error
      #expect(error == .malformed(.zstd("Data corruption detected")), "cut at \(cut)")
    }
  }

  @Test("a checksum that does not fit is named")
  func checksum() {
    var changed = Fixture.checked
    changed[changed.count - 1] ^= 1
    #expect(decode(.zstd, changed).error == .malformed(.checksum))
  }

  /// From the command line: `zstd` with and without `--no-content-size`, with its checksum.
  enum Fixture {
    static let plain = Array("tributary ".utf8) + Array("tributary tributary tributary\n".utf8)
    static let undeclared = hexadecimal("28b52ffd00588d000058747269627574617279200a0100bd0b12")
    static let checked = hexadecimal("28b52ffd24288d000058747269627574617279200a0100bd0b12b15cc2ba")

    static func hexadecimal(_ text: String) -> [UInt8] {
      guard let bytes = Hex.decode(text) else { preconditionFailure("not hexadecimal") }
      return bytes
    }
  }
}
