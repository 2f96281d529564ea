/// The pages of one sorted list, behind their directory.
struct SortedPages: Sendable {
  let directory: PageDirectory
  let source: any ExtentSource
  let tailWidth: Int
  /// How many bits of the tail belong to the key.
  let keyTailWidth: Int

  var pageCount: Int { directory.firsts.count }
  var extentCount: Int {
    (pageCount + SortedPageWriter.pagesPerExtent - 1) / SortedPageWriter.pagesPerExtent
  }

  /// Lends a page to `body`, for which time its bytes stay.
  @inline(__always)
  func withPage<R>(
    _ number: Int, _ body: (SortedPage) throws(SectionProblem) -> R
  ) throws(SectionProblem) -> R {
    let extent = try source.extent(number / SortedPageWriter.pagesPerExtent)
    defer { withExtendedLifetime(extent) {} }
    return try body(try page(number, in: extent))
  }

  /// A page of this extent, which the caller keeps alive for as long as it uses the page.
  @inline(__always)
  func page(_ number: Int, in extent: Extent) throws(SectionProblem) -> SortedPage {
    let offset = number % SortedPageWriter.pagesPerExtent &* SortedPage.byteCount
    let byteCount = min(SortedPage.byteCount, extent.byteCount &- offset)
    // SAFETY: `SortedPage` reads these bytes and no others, and refuses when they are too few.
    guard byteCount > 0,
      let page = unsafe SortedPage(
        at: extent.start + offset, byteCount: byteCount, tailWidth: tailWidth)
    else { throw .damaged(extent: number / SortedPageWriter.pagesPerExtent) }
    return page
  }

  /// The page that holds the number at `position`, for which time its bytes stay, and its index there.
  ///
  /// Pages hold about as many numbers each, so the first guess is right or nearly so; each wrong one
  /// says where to guess next.
  func withPage<R>(
    at position: Int, of count: Int,
    _ body: (SortedPage, Int, _ extent: Int) throws(SectionProblem) -> R
  ) throws(SectionProblem) -> R {
    precondition(0..<count ~= position, "no number at \(position)")
    var (low, high) = (0, pageCount)
    var (lowPosition, highPosition) = (0, count)
    while low < high {
      let share = Double(position - lowPosition) / Double(max(1, highPosition - lowPosition))
      let guess = min(high - 1, max(low, low + Int(share * Double(high - low))))
      let number = guess / SortedPageWriter.pagesPerExtent
      let extent = try source.extent(number)
      defer { withExtendedLifetime(extent) {} }
      let page = try page(guess, in: extent)
      if position < page.position {
        (high, highPosition) = (guess, page.position)
      } else if position - page.position >= page.count {
        (low, lowPosition) = (guess + 1, page.position + page.count)
      } else {
        return try body(page, position - page.position, number)
      }
      guard lowPosition <= position, position < highPosition else {
        throw .damaged(extent: number)
      }
    }
    throw .damaged(extent: min(low, pageCount - 1) / SortedPageWriter.pagesPerExtent)
  }
}
