extension SortedPage {
  enum Search {
    /// No number here is equal; larger ones may follow in this page or behind it.
    case absent
    /// The first equal number, and its bit among the marks.
    case found(index: Int, bit: Int)
    case damaged
  }

  /// Where a bucket begins: the bit of its first number, or of its end, among the marks.
  enum Place {
    /// The value is outside this page.
    case none
    case bucket(Int, bit: Int)
    case damaged
  }

  /// Where the bucket of `value` begins. Looks at the page's head and marks only.
  @inline(__always)
  func place(of value: UInt64) -> Place {
    guard value >= first else { return .none }
    let distance = value &- first
    guard distance &>> UInt64(lowWidth) < UInt64(buckets) else { return .none }
    let bucket = Int(distance &>> UInt64(lowWidth))
    let hinted = bucket / Self.bucketsPerHint
    let before = hinted == 0 ? 0 : hint(hinted &- 1)
    guard
      let bit = bit(
        after: bucket % Self.bucketsPerHint, marks: false,
        from: before &+ hinted &* Self.bucketsPerHint),
      bit >= bucket
    else { return .damaged }
    return .bucket(bucket, bit: bit)
  }

  /// Where the numbers equal to `value` begin in its bucket.
  @inline(__always)
  func search(_ value: UInt64, bucket: Int, bit start: Int) -> Search {
    var bit = start
    var index = bit &- bucket
    let wanted = (value &- first) & (1 &<< UInt64(lowWidth) &- 1)
    while bit < count &+ buckets, isMarked(bit) {
      guard index < count else { return .damaged }
      let low = low(index)
      if low >= wanted { return low == wanted ? .found(index: index, bit: bit) : .absent }
      index &+= 1
      bit &+= 1
    }
    return bit < count &+ buckets ? .absent : .damaged
  }

  /// Where the numbers equal to `value` begin.
  @inline(__always)
  func search(_ value: UInt64) -> Search {
    switch place(of: value) {
    case .none: .absent
    case .damaged: .damaged
    case .bucket(let bucket, let bit): search(value, bucket: bucket, bit: bit)
    }
  }

  /// Whether the number behind this one, which was found, is equal to it.
  @inline(__always)
  func repeats(_ index: Int, bit: Int) -> Bool {
    index &+ 1 < count && isMarked(bit &+ 1) && low(index &+ 1) == low(index)
  }

  /// The number at `index`, which is below `count`; nil where the page contradicts itself.
  func value(at index: Int) -> UInt64? {
    // The last hint that has not passed the number yet.
    let hints = (buckets - 1) / Self.bucketsPerHint
    var hinted = 0
    while hinted < hints, hint(hinted) <= index { hinted += 1 }
    let before = hinted == 0 ? 0 : hint(hinted - 1)
    let start = before + hinted * Self.bucketsPerHint
    guard let end = bit(after: index - before + 1, marks: true, from: start) else { return nil }
    let bucket = end - 1 - index
    guard bucket >= 0, bucket < buckets else { return nil }
    return first &+ (UInt64(bucket) &<< UInt64(lowWidth) | low(index))
  }

  /// Appends all numbers; false where the page contradicts itself.
  func appendValues(to values: inout [UInt64]) -> Bool {
    forEachValue { values.append($1) }
  }

  /// Calls `body` with each number and its index; false where the page contradicts itself.
  @inline(__always)
  func forEachValue(_ body: (_ index: Int, UInt64) -> Void) -> Bool {
    let end = count &+ buckets
    var (bit, index) = (0, 0)
    while index < count {
      guard bit < end else { return false }
      var word = field(marks, bit: bit, width: Self.widestLow)
      while word != 0, index < count {
        // A mark's bit is the numbers before it and the buckets before its own.
        let bucket = bit &+ word.trailingZeroBitCount &- index
        guard bucket < buckets else { return false }
        body(index, first &+ (UInt64(bucket) &<< UInt64(lowWidth) | low(index)))
        index &+= 1
        word &= word &- 1
      }
      bit &+= Self.widestLow
    }
    return true
  }
}
