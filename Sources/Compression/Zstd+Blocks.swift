private import CZstd

extension ZstdCompressor {
  /// One frame that declares its content size, with a new block begun at each of the `cuts`
  /// (ascending, inside the bytes). zstd describes the statistics of a block once: parts that differ,
  /// noise and text, are smaller apart. Readers see an ordinary frame.
  package func compress(_ bytes: Span<UInt8>, cuts: [Int], level: Int = 3) -> [UInt8] {
    guard !cuts.isEmpty else { return compress(bytes, level: level) }
    let level = CInt(min(max(level, Self.levels.lowerBound), Self.levels.upperBound))
    begin(level: level, contentSize: bytes.count)
    // A block costs three bytes, and one cut makes at most two blocks of one.
    let bound = ZSTD_compressBound(bytes.count) + 16 * (cuts.count + 1)
    return unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      // SAFETY: the library writes at most the capacity, and reads inside the span.
      unsafe bytes.withUnsafeBytes { source in
        var output = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: 0, pos: 0)
        for cut in cuts {
          let isAscending = unsafe cut >= input.size && cut <= source.count
          precondition(isAscending, "cuts must ascend")
          unsafe input.size = cut
          unsafe push(&output, &input, ZSTD_e_flush)
        }
        unsafe input.size = source.count
        unsafe push(&output, &input, ZSTD_e_end)
        count = unsafe output.pos
      }
    }
  }

  private func begin(level: CInt, contentSize: Int) {
    // SAFETY: the context is ours, and these calls take numbers.
    let results = unsafe [
      ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters),
      ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level),
      ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentSize)),
    ]
    for result in results { precondition(ZSTD_isError(result) == 0, "zstd: \(zstdReason(result))") }
  }

  /// Hands over the input until all of it has come out as blocks.
  private func push(
    _ output: inout ZSTD_outBuffer, _ input: inout ZSTD_inBuffer, _ directive: ZSTD_EndDirective
  ) {
    while true {
      // SAFETY: both buffers are lent for the call, with their true sizes.
      let left = unsafe ZSTD_compressStream2(context, &output, &input, directive)
      precondition(ZSTD_isError(left) == 0, "zstd: \(zstdReason(left))")
      if left == 0 { return }
      let hasRoom = unsafe output.pos < output.size
      precondition(hasRoom, "zstd wrote more than its bound")
    }
  }
}
