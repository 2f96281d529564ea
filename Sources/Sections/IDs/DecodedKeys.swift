/// The keys of one extent of a section's ids, one behind the other: whoever looks up most of them
/// finds each by its position alone, where a page would be searched for each.
@safe final class DecodedKeys: Sendable {
  /// The position of the first one.
  let first: Int
  let count: Int
  /// SAFETY: for indexes below `count`, as long as the keys live; nobody writes once `init` is over.
  nonisolated(unsafe) let start: UnsafePointer<IDKey>

  init(_ number: Int, of ids: IDSection) throws(SectionProblem) {
    let pages = ids.pages
    let extent = try pages.source.extent(number)
    defer { withExtendedLifetime(extent) {} }
    let firstPage = number * SortedPageWriter.pagesPerExtent
    let lastPage = min(firstPage + SortedPageWriter.pagesPerExtent, pages.pageCount)
    var count = 0
    var first: Int?
    for number in firstPage..<lastPage {
      let page = try pages.page(number, in: extent)
      count += page.count
      first = first ?? page.position
    }
    let keys = UnsafeMutablePointer<IDKey>.allocate(capacity: max(1, count))
    var filled = 0
    var isWhole = first.map { $0 <= ids.root.count - count } ?? false
    for number in firstPage..<lastPage where isWhole {
      let page = try pages.page(number, in: extent)
      // SAFETY: there is room for the keys of all pages, and each says the same count again.
      unsafe isWhole = page.position == (first ?? 0) + filled && page.decode(into: keys + filled)
      filled += page.count
    }
    guard isWhole else {
      unsafe keys.deallocate()
      throw .damaged(extent: number)
    }
    self.first = first ?? 0
    self.count = count
    unsafe start = UnsafePointer(keys)
  }

  deinit { unsafe start.deallocate() }

  var byteCount: Int { MemoryLayout<IDKey>.stride * count }
}

extension SortedPage {
  /// Writes all keys; false where the page contradicts itself.
  ///
  /// SAFETY: the target has room for `count` keys.
  func decode(into target: UnsafeMutablePointer<IDKey>) -> Bool {
    forEachValue { index, value in
      let tail = tail(index, width: IDKey.tailWidth)
      // SAFETY: the index is below the count.
      unsafe (target + index).initialize(
        to: IDKey(value: value, tail: UInt16(truncatingIfNeeded: tail)))
    }
  }
}
