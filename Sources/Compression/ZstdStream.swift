private import CZstd

/// Reads zstd frames of unknown size that arrive in pieces: for the bodies of requests.
@safe
final class ZstdStream {
  // SAFETY: made in `init`, freed in `deinit`, used by one owner at a time (not `Sendable`).
  private let context: OpaquePointer
  /// What is decoded before it is counted against the limit.
  private static let pieceSize = 128 << 10
  private var piece = [UInt8](repeating: 0, count: pieceSize)
  /// The first bytes of a frame, held back until they show what it is.
  private var head: [UInt8] = []
  private var isInsideFrame = false
  private var hasFrame = false

  init() {
    unsafe context = zstdContext(ZSTD_createDCtx())
    // RFC 9659: a content coding's window is at most 8 MiB; zstd's own default is 128.
    let result = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 23)
    precondition(ZSTD_isError(result) == 0, "zstd: \(zstdReason(result))")
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  var isAtEnd: Bool { hasFrame && !isInsideFrame && head.isEmpty }

  func push(
    _ input: Span<UInt8>, into output: inout [UInt8], room: Int, limit: Int
  ) throws(CompressionError) {
    var room = room
    var position = 0
    while position < input.count {
      if !isInsideFrame {
        // The library gets a head whole and alone. One that arrives in pieces confuses zstd 1.5:
        // it then looks for the frame where the second piece begins, and if it finds one there,
        // that is what it decodes.
        while head.count < headCount && position < input.count {
          head.append(input[position])
          position += 1
          let start = head
          if start.count == 5 { try ZstdFrame.checkStart(start.span) }
        }
        guard head.count == headCount else { return }
        let whole = head
        _ = try ZstdFrame(head: whole.span)
        isInsideFrame = true
        head = []
        var fed = 0
        try feed(whole.span, &fed, &output, &room, limit)
      }
      try feed(input, &position, &output, &room, limit)
    }
  }

  /// How many bytes the head has, as far as its first bytes tell.
  private var headCount: Int { head.count < 5 ? 5 : ZstdFrame.headCount(head[4]) }

  /// Decodes until the input is used up and nothing more comes out of it, or the frame has ended.
  private func feed(
    _ input: Span<UInt8>, _ position: inout Int, _ output: inout [UInt8], _ room: inout Int,
    _ limit: Int
  ) throws(CompressionError) {
    while isInsideFrame {
      let rest = input.extracting(droppingFirst: position)
      // SAFETY: the library reads `rest` and writes `piece` within the sizes that it is told.
      let (result, used, made) = unsafe rest.withUnsafeBytes { source in
        unsafe piece.withUnsafeMutableBytes { target in
          var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
          var to = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
          let result = unsafe ZSTD_decompressStream(context, &to, &from)
          return unsafe (result, from.pos, to.pos)
        }
      }
      if ZSTD_isError(result) != 0 {
        // Input that ends too early is no error here: the library waits for more.
        let error = zstdError(result)
        throw error == .truncated ? .malformed(.zstd(zstdReason(result))) : error
      }
      position += used
      guard made <= room else { throw .tooLarge(limit: limit) }
      room -= made
      output.append(contentsOf: piece[..<made])
      if result == 0 { (isInsideFrame, hasFrame) = (false, true) }
      if position == input.count && made < piece.count { return }
    }
  }
}
