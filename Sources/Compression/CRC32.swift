/// CRC-32 with gzip's polynomial (reflected, 0xEDB88320), eight bytes a step.
package struct CRC32: Equatable, Sendable {
  private var register: UInt32 = 0xFFFF_FFFF

  package init() {}

  package var value: UInt32 { ~register }

  package mutating func update(_ byte: UInt8) {
    // SAFETY: the index is below 256.
    register =
      unsafe CRC32Tables.base[Int((register ^ UInt32(byte)) & 0xFF)] ^ (register >> 8)
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    var crc = register
    let table = unsafe CRC32Tables.base
    // SAFETY: every table index is a byte plus a multiple of 256 below 2048; every load is inside
    // the `count` bytes that are lent.
    unsafe bytes.withUnsafeBytes { bytes in
      let count = bytes.count
      var offset = 0
      while count &- offset >= 8 {
        let word =
          UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
          ^ UInt64(crc)
        crc =
          unsafe table[1792 &+ Int(word & 0xFF)] ^ table[1536 &+ Int(word >> 8 & 0xFF)]
          ^ table[1280 &+ Int(word >> 16 & 0xFF)] ^ table[1024 &+ Int(word >> 24 & 0xFF)]
          ^ table[768 &+ Int(word >> 32 & 0xFF)] ^ table[512 &+ Int(word >> 40 & 0xFF)]
          ^ table[256 &+ Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
        offset &+= 8
      }
      while offset < count {
        crc = unsafe table[Int((crc ^ UInt32(bytes[offset])) & 0xFF)] ^ (crc >> 8)
        offset &+= 1
      }
    }
    register = crc
  }
}

private enum CRC32Tables {
  // SAFETY: written once, by the initialiser that every reader waits for, and never freed.
  nonisolated(unsafe) static let base: UnsafePointer<UInt32> = {
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
    for index in 0..<256 {
      var crc = UInt32(index)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
      unsafe tables[index] = crc
    }
    for index in 256..<2048 {
      let previous = unsafe tables[index - 256]
      unsafe tables[index] = unsafe tables[Int(previous & 0xFF)] ^ (previous >> 8)
    }
    return unsafe UnsafePointer(tables)
  }()
}
