/// The head of a zstd frame (RFC 8878, 3.1.1), read before the library is trusted with the rest:
///
/// ```
/// magic u32 = 0xFD2FB528 | descriptor u8 | [window u8] | [dictionary id 1, 2, 4] | [content size 1, 2, 4, 8]
/// descriptor: bits 0…1 width of the dictionary id, 2 checksum, 3 reserved, 4 unused,
///             5 single segment (the content is the window, no window byte), 6…7 width of the size
/// ```
struct ZstdFrame: Equatable {
  static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
  static let maximumWindow = 1 << 23

  let contentSize: UInt64?
  let window: UInt64

  /// Refuses what is no frame, names a dictionary, or wants more than 8 MiB of window.
  init(head bytes: Span<UInt8>) throws(CompressionError) {
    guard bytes.count >= 5 else { throw .truncated }
    try Self.checkStart(bytes)
    let descriptor = bytes[4]
    guard bytes.count >= Self.headCount(descriptor) else { throw .truncated }
    let isSingleSegment = descriptor & 32 != 0
    var offset = 5
    var window: UInt64?
    if !isSingleSegment {
      // 10 is the least: 2^10 to 2^41, and eighths of it.
      let base = UInt64(1) << UInt64(10 + bytes[offset] >> 3)
      window = base + base / 8 * UInt64(bytes[offset] & 7)
      offset += 1
    }
    let width = Self.sizeWidth(descriptor)
    var size: UInt64 = 0
    for index in 0..<width { size |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    if width == 2 { size += 256 }  // Sizes below have the one-byte form.
    contentSize = width == 0 ? nil : size
    self.window = window ?? size
    guard self.window <= UInt64(Self.maximumWindow) else { throw .malformed(.window) }
  }

  /// Looks at magic and descriptor, the first five bytes.
  static func checkStart(_ bytes: Span<UInt8>) throws(CompressionError) {
    try checkMagic(bytes)
    guard bytes[4] & 8 == 0 else { throw .malformed(.reservedFlag) }
    guard bytes[4] & 3 == 0 else { throw .malformed(.dictionary) }
  }

  /// Bytes of a head with this descriptor, which names no dictionary: 6 to 14.
  static func headCount(_ descriptor: UInt8) -> Int {
    5 + (descriptor & 32 == 0 ? 1 : 0) + sizeWidth(descriptor)
  }

  private static func sizeWidth(_ descriptor: UInt8) -> Int {
    let code = descriptor >> 6
    return code == 0 ? (descriptor & 32 == 0 ? 0 : 1) : 1 << Int(code)
  }

  private static func checkMagic(_ bytes: Span<UInt8>) throws(CompressionError) {
    var matches = true
    for index in 0..<4 where bytes[index] != magic[index] { matches = false }
    if matches { return }
    // 0x184D2A50 to 0x184D2A5F: bytes for somebody else, which cost us time and tell us nothing.
    let isSkippable =
      bytes[0] >> 4 == 5 && bytes[1] == 0x2A && bytes[2] == 0x4D && bytes[3] == 0x18
    throw .malformed(isSkippable ? .skippableFrame : .header)
  }
}
