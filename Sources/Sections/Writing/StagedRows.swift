/// Rows of batches in the terms of the section that they go to, each as words side by side: the columns
/// of a batch lie far apart, and rows in the order of people come from all batches in turn.
struct StagedRows {
  /// What stands before the values of a row.
  struct Head {
    let sts: Int64
    let raw: Int64?
    let head: UInt32
    let source: UInt32
    /// By `Identity`: the text and one, 0 for none.
    let identities: (UInt32, UInt32, UInt32, UInt32)
    let propsCode: UInt32
    let ctxCode: UInt32
    let propsCount: Int
    let ctxCount: Int
  }

  private static let headWords = 7
  /// In the last word of a head.
  private static let hasRaw: UInt64 = 1 << 63

  private var words: [UInt64] = []

  /// Where the next row will be.
  var count: Int { words.count }

  mutating func reserve(rows: Int) { words.reserveCapacity(rows * 24) }

  mutating func append(_ head: Head) {
    words.append(UInt64(bitPattern: head.sts))
    words.append(UInt64(bitPattern: head.raw ?? 0))
    words.append(Self.pair(head.head, head.source))
    words.append(Self.pair(head.identities.0, head.identities.1))
    words.append(Self.pair(head.identities.2, head.identities.3))
    words.append(Self.pair(head.propsCode, head.ctxCode))
    let counts = Self.pair(UInt32(head.propsCount), UInt32(head.ctxCount))
    words.append(head.raw == nil ? counts : counts | Self.hasRaw)
  }

  /// The values of `props`, then those of `ctx`, follow the head.
  mutating func append(value: UInt64) { words.append(value) }

  func head(at place: Int) -> Head {
    let words = words.span.extracting(place..<(place + Self.headWords))
    return Head(
      sts: Int64(bitPattern: words[0]),
      raw: words[6] & Self.hasRaw == 0 ? nil : Int64(bitPattern: words[1]),
      head: Self.low(words[2]), source: Self.high(words[2]),
      identities: (
        Self.low(words[3]), Self.high(words[3]), Self.low(words[4]), Self.high(words[4])
      ),
      propsCode: Self.low(words[5]), ctxCode: Self.high(words[5]),
      propsCount: Int(Self.low(words[6])), ctxCount: Int(Self.high(words[6] & ~Self.hasRaw)))
  }

  /// Lends `body` the values of a row.
  @inline(__always)
  func withValues(of head: Head, at place: Int, _ body: (Span<UInt64>) -> Void) {
    let start = place + Self.headWords
    let words = words.span
    body(words.extracting(start..<(start + head.propsCount + head.ctxCount)))
  }

  @inline(__always)
  private static func pair(_ low: UInt32, _ high: UInt32) -> UInt64 {
    UInt64(low) | UInt64(high) << 32
  }
  @inline(__always)
  private static func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }
  @inline(__always)
  private static func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
}
