/// Why compressed bytes were not read.
package enum CompressionError: Error, Equatable, Sendable {
  /// The plain bytes would be more than the caller allows. Maybe honest, maybe a bomb.
  case tooLarge(limit: Int)
  /// The bytes end inside a stream.
  case truncated
  case malformed(Defect)

  package enum Defect: Equatable, Sendable {
    // gzip and zlib wrappers
    case header, reservedFlag, headerChecksum, presetDictionary, checksum, length, trailingBytes
    // deflate
    case blockType, storedLength, codeCounts, codeLengths, repeatedLength, missingEndOfBlock
    case literalCode, distanceCode, symbol, farDistance
    // zstd
    case notOneFrame, skippableFrame, dictionary, window
    case noContentSize
    case contentSize(declared: UInt64, expected: Int)
    /// The library's own words.
    case zstd(String)
  }
}

extension CompressionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let limit): "more than \(limit) bytes when decompressed"
    case .truncated: "the compressed bytes end too early"
    case .malformed(let defect): "malformed compressed bytes: \(defect)"
    }
  }
}
