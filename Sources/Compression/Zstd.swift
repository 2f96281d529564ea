private import CZstd

/// Compresses with zstd. One context with its tables is kept and reused, so one belongs to each
/// worker; it is not shared.
@safe
package final class ZstdCompressor {
  /// Levels whose window stays within what `ZstdDecompressor` accepts.
  package static let levels = 1...19

  // SAFETY: made in `init`, freed in `deinit`, used by one owner at a time (not `Sendable`).
  let context: OpaquePointer

  package init() {
    unsafe context = zstdContext(ZSTD_createCCtx())
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// One frame that declares its content size. `level` is brought into `levels`.
  package func compress(_ bytes: Span<UInt8>, level: Int = 3) -> [UInt8] {
    let level = CInt(min(max(level, Self.levels.lowerBound), Self.levels.upperBound))
    let bound = ZSTD_compressBound(bytes.count)
    var result = 0
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      // SAFETY: the library reads `count` bytes of the source and writes at most the capacity.
      result = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compressCCtx(
          context, target.baseAddress, target.count, source.baseAddress, source.count, level)
      }
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    precondition(ZSTD_isError(result) == 0, "zstd: \(zstdReason(result))")
    return frame
  }
}

/// Reads the frames of `ZstdCompressor`, and those of strangers within the same bounds. One for each
/// worker.
@safe
package final class ZstdDecompressor {
  // SAFETY: as above. Made for the first frame: it is large, and many readers never meet one.
  private var made: OpaquePointer?
  private var context: OpaquePointer {
    if let made = unsafe made { return unsafe made }
    let context = unsafe zstdContext(ZSTD_createDCtx())
    unsafe made = unsafe context
    return unsafe context
  }

  package init() {}

  deinit { if let made = unsafe made { unsafe ZSTD_freeDCtx(made) } }

  /// The `exactSize` bytes of a batch. The frame must be the only one, declare that size, name no
  /// dictionary and want a window of at most 8 MiB; all that is known before a byte is decoded.
  package func decompress(
    _ bytes: Span<UInt8>, exactSize: Int, limit: Int
  ) throws(CompressionError) -> [UInt8] {
    precondition(exactSize >= 0)
    guard exactSize <= limit else { throw .tooLarge(limit: limit) }
    let frame = try ZstdFrame(head: bytes)
    guard let declared = frame.contentSize else { throw .malformed(.noContentSize) }
    guard declared == UInt64(exactSize) else {
      throw .malformed(.contentSize(declared: declared, expected: exactSize))
    }
    // SAFETY: the library reads at most `count` bytes.
    let frameSize = unsafe bytes.withUnsafeBytes {
      unsafe ZSTD_findFrameCompressedSize($0.baseAddress, $0.count)
    }
    if ZSTD_isError(frameSize) != 0 { throw zstdError(frameSize) }
    guard frameSize == bytes.count else { throw .malformed(.notOneFrame) }

    var result = 0
    let plain = unsafe [UInt8](unsafeUninitializedCapacity: exactSize) { target, count in
      // SAFETY: as above; the library writes at most the `exactSize` bytes that are there.
      result = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_decompressDCtx(
          context, target.baseAddress, exactSize, source.baseAddress, source.count)
      }
      count = ZSTD_isError(result) == 0 ? result : 0
    }
    if ZSTD_isError(result) != 0 { throw zstdError(result) }
    guard plain.count == exactSize else { throw .malformed(.length) }
    return plain
  }
}

func zstdReason(_ code: Int) -> String {
  // SAFETY: the library answers a static, NUL-terminated text for every code.
  unsafe String(cString: ZSTD_getErrorName(code))
}

func zstdError(_ code: Int) -> CompressionError {
  switch ZSTD_getErrorCode(code) {
  case ZSTD_error_srcSize_wrong: .truncated
  case ZSTD_error_checksum_wrong: .malformed(.checksum)
  case ZSTD_error_dictionary_wrong: .malformed(.dictionary)
  case ZSTD_error_frameParameter_windowTooLarge: .malformed(.window)
  default: .malformed(.zstd(zstdReason(code)))
  }
}

/// A context that zstd has made. It makes none only where there is no memory, and then nothing else
/// in this program can go on either: Swift's own allocations trap there, too.
func zstdContext(_ made: OpaquePointer?) -> OpaquePointer {
  guard let made = unsafe made else { fatalError("zstd: no memory") }
  return unsafe made
}
