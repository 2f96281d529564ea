/// The sizes of a page with so many numbers over such a span.
struct SortedPageShape {
  let count: Int
  let lowWidth: Int
  let buckets: Int
  let tailWidth: Int

  init(count: Int, span: UInt64, tailWidth: Int) {
    self.count = count
    self.tailWidth = tailWidth
    let share = span / UInt64(count)
    lowWidth = share == 0 ? 0 : min(63 - share.leadingZeroBitCount, SortedPage.widestLow)
    buckets = Int(span >> UInt64(lowWidth)) + 1
  }

  var marks: Int { SortedPage.headerByteCount + SortedPage.hintBytes(buckets) }
  var lows: Int { marks + (count + buckets + 7) >> 3 }
  var tails: Int { lows + (count * lowWidth + 7) >> 3 }
  var byteCount: Int { tails + (count * tailWidth + 7) >> 3 + SortedPage.slack }
}

/// Cuts sorted numbers into pages, and pages into extents of 16.
///
/// The numbers are asked for by index, so that they need not be copied: `value(index)`, and
/// `tail(index, word)` for each word of up to 56 bits that `tailWidths` names.
struct SortedPageWriter {
  static let pagesPerExtent = Extent.targetByteCount / SortedPage.byteCount

  private let tailWidths: [Int]
  private var bytes: [UInt8] = []
  private var pages = 0
  private var usualCount = 512
  /// The smallest number of each page.
  private(set) var firsts: [UInt64] = []

  init(tailWidths: [Int]) { self.tailWidths = tailWidths }

  /// Writes as many of the next `available` numbers as fit one page, and says how many these are.
  /// `position` is how many numbers have been written before.
  mutating func writePage(
    available: Int, position: Int, value: (Int) -> UInt64, tail: (Int, Int) -> UInt64
  ) -> Int {
    precondition(available > 0, "a page of nothing")
    let tailWidth = tailWidths.reduce(0, +)
    let first = value(0)
    func shape(_ count: Int) -> SortedPageShape {
      SortedPageShape(count: count, span: value(count - 1) - first, tailWidth: tailWidth)
    }
    var count = min(usualCount, available)
    while count > 1, shape(count).byteCount > SortedPage.byteCount { count -= 1 }
    while count < available, shape(count + 1).byteCount <= SortedPage.byteCount { count += 1 }
    if count < available { usualCount = count }
    write(shape(count), position, value, tail)
    return count
  }

  private mutating func write(
    _ shape: SortedPageShape, _ position: Int, _ value: (Int) -> UInt64,
    _ tail: (Int, Int) -> UInt64
  ) {
    let first = value(0)
    firsts.append(first)
    // A full page ends where the next begins; the last one of an extent may be shorter.
    let start = pages % Self.pagesPerExtent * SortedPage.byteCount
    pages += 1
    bytes.append(contentsOf: repeatElement(0, count: start - bytes.count + shape.byteCount))
    unsafe bytes.withUnsafeMutableBytes { buffer in
      // SAFETY: `shape` has counted the bytes of every field, and they have just been appended.
      guard let page = unsafe buffer.baseAddress.map({ unsafe $0 + start }) else { return }
      unsafe page.storeBytes(of: first.littleEndian, as: UInt64.self)
      unsafe page.storeBytes(
        of: UInt32(position).littleEndian, toByteOffset: 8, as: UInt32.self)
      unsafe page.storeBytes(
        of: UInt16(shape.count).littleEndian, toByteOffset: 12, as: UInt16.self)
      unsafe page.storeBytes(of: UInt8(shape.lowWidth), toByteOffset: 14, as: UInt8.self)
      unsafe page.storeBytes(of: UInt8(shape.tailWidth), toByteOffset: 15, as: UInt8.self)
      unsafe page.storeBytes(
        of: UInt16(shape.buckets).littleEndian, toByteOffset: 16, as: UInt16.self)

      let mask = UInt64(1) << UInt64(shape.lowWidth) &- 1
      let (marks, lows, tails) = (shape.marks, shape.lows, shape.tails)
      var tailBit = 0
      var hinted = 1
      var index = 0
      while index < shape.count {
        let distance = value(index) &- first
        let bucket = Int(truncatingIfNeeded: distance &>> UInt64(shape.lowWidth))
        while hinted &* SortedPage.bucketsPerHint <= bucket {
          unsafe Self.storeHint(page, hinted, index)
          hinted &+= 1
        }
        unsafe Self.or(page, marks, bit: index &+ bucket, 1)
        unsafe Self.or(page, lows, bit: index &* shape.lowWidth, distance & mask)
        for (word, width) in tailWidths.enumerated() {
          unsafe Self.or(page, tails, bit: tailBit, tail(index, word))
          tailBit &+= width
        }
        index &+= 1
      }
      while hinted <= (shape.buckets &- 1) / SortedPage.bucketsPerHint {
        unsafe Self.storeHint(page, hinted, index)
        hinted &+= 1
      }
    }
  }

  @inline(__always)
  private static func storeHint(_ page: UnsafeMutableRawPointer, _ number: Int, _ count: Int) {
    unsafe page.storeBytes(
      of: UInt16(truncatingIfNeeded: count).littleEndian,
      toByteOffset: SortedPage.headerByteCount &+ 2 &* (number &- 1), as: UInt16.self)
  }

  /// Adds bits, at most 56, where there are zeros; the page's slack makes room for the whole word.
  @inline(__always)
  private static func or(
    _ page: UnsafeMutableRawPointer, _ offset: Int, bit: Int, _ bits: UInt64
  ) {
    let place = offset &+ bit &>> 3
    let old = unsafe page.loadUnaligned(fromByteOffset: place, as: UInt64.self)
    unsafe page.storeBytes(
      of: old | (bits &<< UInt64(bit & 7)).littleEndian, toByteOffset: place, as: UInt64.self)
  }

  var isExtentFull: Bool { pages % Self.pagesPerExtent == 0 && pages > 0 }

  /// Hands the pages of the extent so far to `sink`, if there are any.
  mutating func flush(into sink: inout some ExtentSink) throws(SectionProblem) {
    guard !bytes.isEmpty else { return }
    let extent = bytes
    (bytes, pages) = ([], 0)
    try sink.append(extent.span)
  }
}
