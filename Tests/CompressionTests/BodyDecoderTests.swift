import Crypto
import Platform
import Testing

@testable import Compression

@Suite("Bodies") struct BodyDecoderTests {
  /// Ten megabytes of zeros as gzip and zlib have them: one block of matches, 1,029 to one.
  static func zeros(_ count: Int) -> (bare: [UInt8], gzip: [UInt8]) {
    // One literal, then matches of 258 at distance 1. The single distance code has one bit.
    var writer = DeflateWriter()
    writer.bits(0b101, 3)
    var literals = [Int](repeating: 0, count: 286)
    (literals[0], literals[256], literals[285]) = (2, 2, 1)
    writer.header(literals, [1])
    writer.bits(0b01, 2)
    for _ in 0..<((count - 1) / 258) { writer.bits(0, 2) }
    for _ in 0..<((count - 1) % 258) { writer.bits(0b01, 2) }
    writer.bits(0b11, 2)
    let bare = writer.finished()
    let crc = crc32([UInt8](repeating: 0, count: count))
    let trailer = [crc, UInt32(count)].flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
    }
    return (bare, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bare + trailer)
  }

  @Test("a bomb gives out its limit at most, and says so")
  func bomb() throws {
    let size = 10 << 20
    let bomb = Self.zeros(size)
    #expect(bomb.gzip.count < 12_000)
    let plain = [UInt8](repeating: 0, count: size)
    #expect(decode(.gzip, bomb.gzip, limit: size).verdict == .read(plain))
    for limit in [0, 1, 1000, 1 << 20, size - 1] {
      #expect(decode(.gzip, bomb.gzip, limit: limit).error == .tooLarge(limit: limit))
      #expect(decode(.deflate, bomb.bare, limit: limit).error == .tooLarge(limit: limit))
      let cuts = Array(stride(from: 0, to: bomb.gzip.count, by: 7))
      #expect(decode(.gzip, bomb.gzip, cuts: cuts, limit: limit).error == .tooLarge(limit: limit))
    }
    let frame = ZstdCompressor().compress(plain.span, level: 19)
    #expect(frame.count < 2_000)
    #expect(decode(.zstd, frame, limit: size).verdict == .read(plain))
    #expect(decode(.zstd, frame, limit: 1 << 20).error == .tooLarge(limit: 1 << 20))
    #expect(decode(.zstd, frame, limit: size - 1).error == .tooLarge(limit: size - 1))
  }

  @Test("the limit counts over all members")
  func members() {
    let one = Self.zeros(600).gzip
    let three = one + one + one
    #expect(decode(.gzip, three, limit: 1800).verdict == .read([UInt8](repeating: 0, count: 1800)))
    #expect(decode(.gzip, three, limit: 1799).error == .tooLarge(limit: 1799))
  }

  @Test("a failed decoder stays failed")
  func staysFailed() {
    let decoder = BodyDecoder(.gzip, limit: 100)
    var output: [UInt8] = []
    let nonsense: [UInt8] = [1, 2, 3]
    let good = Self.zeros(50).gzip
    for bytes in [nonsense, good] {
      #expect(throws: CompressionError.malformed(.header)) {
        try decoder.push(bytes.span, into: &output)
      }
    }
    #expect(throws: CompressionError.malformed(.header)) { try decoder.finish() }
    #expect(output.isEmpty)
  }

  @Test("identity is bounded too")
  func identity() {
    #expect(decode(.identity, [1, 2, 3], cuts: [1], limit: 3).verdict == .read([1, 2, 3]))
    #expect(decode(.identity, [], limit: 0).verdict == .read([]))
    #expect(decode(.identity, [1, 2, 3], cuts: [2], limit: 2).error == .tooLarge(limit: 2))
  }

  @Test("a coded body that is empty is one cut short", arguments: ContentCoding.allCases)
  func empty(coding: ContentCoding) {
    guard coding != .identity else { return }
    #expect(decode(coding, []).error == .truncated)
  }

  @Test(
    "reads the names of codings as HTTP does",
    arguments: [
      (nil, .identity), ("", .identity), ("identity", .identity), ("gzip", .gzip),
      ("GZip", .gzip), (" x-gzip\t", .gzip), ("deflate", .deflate), ("zstd", .zstd), ("br", nil),
      ("gzip, gzip", nil), ("gz ip", nil), ("*", nil),
    ] as [(String?, ContentCoding?)])
  func names(header: String?, coding: ContentCoding?) {
    #expect(ContentCoding(header: header) == coding)
  }

  @Test("gzip's header and trailer are checked by name")
  func gzipDefects() {
    let good = Self.zeros(50).gzip
    func changed(_ index: Int, _ mask: UInt8) -> CompressionError? {
      var bytes = good
      bytes[index] ^= mask
      return decode(.gzip, bytes).error
    }
    #expect(changed(0, 1) == .malformed(.header))
    #expect(changed(1, 1) == .malformed(.header))
    #expect(changed(2, 1) == .malformed(.header))
    for bit: UInt8 in [0x20, 0x40, 0x80] { #expect(changed(3, bit) == .malformed(.reservedFlag)) }
    for index in 1...4 {
      #expect(changed(good.count - index, 1) == .malformed(.length))
      #expect(changed(good.count - 4 - index, 1) == .malformed(.checksum))
    }
    #expect(decode(.gzip, good + [0]).error == .malformed(.trailingBytes))
    #expect(decode(.gzip, good + [0], cuts: [good.count]).error == .malformed(.trailingBytes))
    #expect(decode(.gzip, good + [0x1F, 0x8C]).error == .malformed(.trailingBytes))
  }

  @Test("zlib's dictionaries are refused, its checksum is checked, bare streams are read")
  func deflateDefects() {
    let bare = Self.zeros(50).bare
    // Adler-32 of 50 zeros: 50 in the high half, 1 in the low.
    let zlib: [UInt8] = [0x78, 0x9C] + bare + [0, 50, 0, 1]
    let plain = [UInt8](repeating: 0, count: 50)
    #expect(decode(.deflate, zlib).verdict == .read(plain))
    #expect(decode(.deflate, bare).verdict == .read(plain))
    #expect(decode(.deflate, [0x78, 0x20] + bare).error == .malformed(.presetDictionary))
    #expect(decode(.deflate, Array(zlib.dropLast()) + [2]).error == .malformed(.checksum))
    #expect(decode(.deflate, zlib + [0]).error == .malformed(.trailingBytes))
    #expect(decode(.deflate, bare + [0], cuts: [bare.count]).error == .malformed(.trailingBytes))
  }
}

@Suite("CRC-32") struct CRC32Tests {
  @Test("has the published value, and agrees with the bitwise model at every length and cut")
  func agreesWithModel() {
    #expect(crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    var random = RandomGenerator(SeededRandom(seed: 5))
    let bytes = (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    for count in 0...bytes.count {
      var model: UInt32 = 0xFFFF_FFFF
      for byte in bytes[..<count] {
        model ^= UInt32(byte)
        for _ in 0..<8 { model = model & 1 == 1 ? model >> 1 ^ 0xEDB8_8320 : model >> 1 }
      }
      #expect(crc32(Array(bytes[..<count])) == ~model)
      var inTwo = CRC32()
      inTwo.update(bytes.span.extracting(0..<(count / 3)))
      inTwo.update(bytes.span.extracting((count / 3)..<count))
      #expect(inTwo.value == ~model)
    }
  }

  @Test("Adler-32 has zlib's values, also where its sums are reduced")
  func adler() {
    let text = Array("Wikipedia".utf8)
    let high = [UInt8](repeating: 0xFF, count: 20_000)
    var (ofText, ofHigh, ofNothing) = (Adler32(), Adler32(), Adler32())
    ofText.update(text.span)
    ofHigh.update(high.span)
    ofNothing.update(text.span.extracting(first: 0))
    #expect(ofText.value == 0x11E6_0398)
    #expect(ofHigh.value == 0x9f51d664)
    #expect(ofNothing.value == 1)
  }
}
