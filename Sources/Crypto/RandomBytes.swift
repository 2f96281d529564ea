package import Platform

/// Bytes for keys, salts and nonces. With the default source they come from the kernel.
package func randomBytes(
  _ count: Int, from random: any RandomSource = SystemRandom()
) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 7)
  while bytes.count < count {
    let word = random.next()
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
  }
  bytes.removeLast(bytes.count - count)
  return bytes
}
