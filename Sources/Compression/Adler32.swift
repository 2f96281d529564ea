/// The checksum of zlib's wrapper (RFC 1950).
struct Adler32: Equatable {
  private static let modulus: UInt32 = 65521
  /// The most bytes after which neither sum has left 32 bits.
  private static let bytesBetweenReductions = 5552
  private var first: UInt32 = 1
  private var second: UInt32 = 0

  var value: UInt32 { second << 16 | first }

  mutating func update(_ bytes: Span<UInt8>) {
    var start = 0
    while start < bytes.count {
      let end = min(start + Self.bytesBetweenReductions, bytes.count)
      for index in start..<end {
        first &+= UInt32(bytes[index])
        second &+= first
      }
      first %= Self.modulus
      second %= Self.modulus
      start = end
    }
  }
}
