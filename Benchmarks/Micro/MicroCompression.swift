import Compression

/// Reads a gzip file as the body of a request, then packs and unpacks its first MiB with zstd.
@Sendable func benchmarkCompression(_ arguments: [String]) throws {
  guard let path = arguments.first else { fatalError("usage: micro compression <file.gz>") }
  let packed = readFile(path)
  var plain: [UInt8] = []
  func gunzip() throws {
    let decoder = BodyDecoder(.gzip, limit: 1 << 30)
    plain.removeAll(keepingCapacity: true)
    try decoder.push(packed.span, into: &plain)
    try decoder.finish()
  }
  try gunzip()
  print("\(packed.count) bytes packed, \(plain.count) plain")
  try measure("gunzip", bytes: plain.count, items: 1, gunzip)
  measure("CRC-32", bytes: plain.count, items: 1) {
    var crc = CRC32()
    crc.update(plain.span)
    precondition(crc.value != 0)
  }
  let piece = Array(plain.prefix(1 << 20))
  let (compressor, decompressor) = (ZstdCompressor(), ZstdDecompressor())
  for level in [1, 3] {
    let frame = compressor.compress(piece.span, level: level)
    print("zstd level \(level): \(piece.count) to \(frame.count) bytes")
    measure("compress", bytes: piece.count, items: 1) {
      precondition(compressor.compress(piece.span, level: level).count == frame.count)
    }
    try measure("decompress", bytes: piece.count, items: 1) {
      _ = try decompressor.decompress(
        frame.span, exactSize: piece.count, limit: piece.count)
    }
  }
}
