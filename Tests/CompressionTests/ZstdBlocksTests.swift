import Platform
import Testing

@testable import Compression

@Suite("Blocks of a zstd frame") struct ZstdBlocksTests {
  @Test("cuts change the size and nothing else", arguments: UInt64(0)..<20)
  func roundTrip(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let count = Int.random(in: 1...300_000, using: &random)
    let bytes = (0..<count).map { index in
      index % 3000 < 1000 ? UInt8.random(in: 0...255, using: &random) : UInt8(index / 100 % 7)
    }
    let cuts = (0..<Int.random(in: 0...6, using: &random))
      .map { _ in Int.random(in: 0...count, using: &random) }.sorted()
    let compressor = ZstdCompressor()
    let frame = compressor.compress(bytes.span, cuts: cuts)
    let again = compressor.compress(bytes.span, cuts: cuts)
    #expect(again == frame)
    let back = try ZstdDecompressor().decompress(frame.span, exactSize: count, limit: count)
    #expect(back == bytes)
  }

  @Test("noise and text are smaller apart")
  func apart() {
    var random = RandomGenerator(SeededRandom(seed: 1))
    let noise = (0..<12_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let text = (0..<12_000).map { _ in UInt8.random(in: 97...104, using: &random) }
    let bytes = noise + text
    let compressor = ZstdCompressor()
    let together = compressor.compress(bytes.span)
    let apart = compressor.compress(bytes.span, cuts: [noise.count])
    #expect(apart.count < together.count * 9 / 10)
  }

  @Test("a compressor that cut before compresses whole as ever")
  func reuse() {
    let bytes = (0..<50_000).map { UInt8($0 / 50 % 251) }
    let compressor = ZstdCompressor()
    let before = compressor.compress(bytes.span, level: 5)
    _ = compressor.compress(bytes.span, cuts: [100, 20_000], level: 1)
    let after = compressor.compress(bytes.span, level: 5)
    #expect(after == before)
  }
}
