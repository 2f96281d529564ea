private import CLinux

/// CRC-32C of the bytes, continuing from `previous`.
package func crc32c(_ bytes: Span<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
  // SAFETY: the callee reads `count` bytes at this address and keeps nothing.
  unsafe bytes.withUnsafeBytes { unsafe clinux_crc32c(previous, $0.baseAddress, $0.count) }
}
