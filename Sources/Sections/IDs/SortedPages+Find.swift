private import CLinux

/// Is shown each number that equals the one looked up, if the first bits of their tails agree too.
protocol PageVisitor {
  mutating func visit(
    _ entry: KeyEntry, page: SortedPage, index: Int, extent: Int
  ) throws(SectionProblem)
}

extension SortedPages {
  /// So many look-ups are under way at once: memory answers them together, not one after another.
  private static let groupCount = 32

  /// A look-up whose page is known, and then more and more.
  @safe private struct Step {
    var entry: KeyEntry
    var number: Int
    var start: UnsafeRawPointer
    var byteCount: Int
    var bucket = -1
    var bit = -1
    var page: SortedPage?

    init(_ entry: KeyEntry, page number: Int, at start: UnsafeRawPointer, byteCount: Int) {
      self.entry = entry
      self.number = number
      unsafe self.start = start
      self.byteCount = byteCount
    }
  }

  /// Looks up those entries of `sorted` that `chosen` numbers. Any order is right; an ascending one
  /// is fast, because neighbours then share directory, extent and page.
  func find(
    _ chosen: [UInt32], of sorted: [KeyEntry], _ visitor: inout some PageVisitor
  ) throws(SectionProblem) {
    guard pageCount > 0, !chosen.isEmpty else { return }
    let steps = UnsafeMutablePointer<Step>.allocate(capacity: Self.groupCount)
    defer { unsafe steps.deallocate() }
    var held: [Extent] = []
    held.reserveCapacity(Self.groupCount + 1)
    // The newest of them; its place is copied, because a look at the object would count references.
    var heldNumber = -1
    var start = UnsafeRawPointer(steps)
    var byteCount = 0
    var (next, hint) = (0, 0)
    while next < chosen.count {
      // The newest may be met again.
      if held.count > 1 { held.removeSubrange(0..<(held.count - 1)) }
      var filled = 0
      while next < chosen.count, filled < Self.groupCount {
        let entry = sorted[Int(chosen[next])]
        next &+= 1
        guard entry.value >= directory.base else { continue }
        let (page, isCertain) = directory.page(of: entry.value, near: hint)
        hint = page
        guard isCertain else {
          try findAmongTies(entry, lastPage: page, &visitor)
          continue
        }
        let number = page / SortedPageWriter.pagesPerExtent
        if number != heldNumber {
          let extent = try source.extent(number)
          unsafe (start, byteCount) = (extent.start, extent.byteCount)
          held.append(extent)
          heldNumber = number
        }
        let offset = page % SortedPageWriter.pagesPerExtent &* SortedPage.byteCount
        guard offset < byteCount else { throw .damaged(extent: number) }
        // SAFETY: `filled` is below the capacity, `offset` inside the extent, and `held` keeps it.
        unsafe (steps + filled).initialize(
          to: Step(
            entry, page: page, at: start + offset,
            byteCount: min(SortedPage.byteCount, byteCount &- offset)))
        unsafe clinux_prefetch(start + offset)
        filled &+= 1
      }
      // SAFETY: `filled` steps have been initialised.
      let group = unsafe UnsafeMutableBufferPointer(start: steps, count: filled)
      try unsafe open(group)
      try unsafe place(group)
      try unsafe finish(group, &visitor)
      withExtendedLifetime(held) {}
    }
  }

  // Each turn over the group asks memory for what the next one reads: the heads of the pages are on
  // their way already, then come the marks, then the low bits.

  /// Reads the pages' heads. Numbers are spread, so a bucket's marks are where its share says.
  @inline(__always)
  private func open(_ group: UnsafeMutableBufferPointer<Step>) throws(SectionProblem) {
    var index = 0
    while index < group.count {
      // SAFETY: the bytes are a page's, as `find` says. What is asked for lies in it.
      let (start, byteCount) = unsafe (group[index].start, group[index].byteCount)
      guard let page = unsafe SortedPage(at: start, byteCount: byteCount, tailWidth: tailWidth)
      else { throw damaged(unsafe group[index].number) }
      unsafe group[index].page = page
      let bucket = (unsafe group[index].entry.value &- page.first) &>> UInt64(page.lowWidth)
      if bucket < UInt64(page.buckets) {
        let bit = Int(bucket) &+ Int(bucket) &* page.count / page.buckets
        unsafe clinux_prefetch(start + (page.marks &+ bit &>> 3))
      }
      index &+= 1
    }
  }

  /// Finds the numbers' buckets, and so where their low bits are.
  @inline(__always)
  private func place(_ group: UnsafeMutableBufferPointer<Step>) throws(SectionProblem) {
    var index = 0
    while index < group.count {
      // SAFETY: as above.
      if let page = unsafe group[index].page {
        switch page.place(of: unsafe group[index].entry.value) {
        case .none: break
        case .damaged: throw damaged(unsafe group[index].number)
        case .bucket(let bucket, let bit):
          unsafe group[index].bucket = bucket
          unsafe group[index].bit = bit
          let low = page.lows &+ ((bit &- bucket) &* page.lowWidth) &>> 3
          unsafe clinux_prefetch(page.start + low)
        }
      }
      index &+= 1
    }
  }

  @inline(__always)
  private func finish(
    _ group: UnsafeMutableBufferPointer<Step>, _ visitor: inout some PageVisitor
  ) throws(SectionProblem) {
    var index = 0
    while index < group.count {
      // SAFETY: as above.
      if let page = unsafe group[index].page, unsafe group[index].bit >= 0 {
        let entry = unsafe group[index].entry
        let search = page.search(
          entry.value, bucket: unsafe group[index].bucket, bit: unsafe group[index].bit)
        try report(entry, search, in: page, number: unsafe group[index].number, &visitor)
      }
      index &+= 1
    }
  }

  private func damaged(_ page: Int) -> SectionProblem {
    .damaged(extent: page / SortedPageWriter.pagesPerExtent)
  }

  /// Shows the visitor what was found, and its equals.
  @inline(__always)
  private func report(
    _ entry: KeyEntry, _ search: SortedPage.Search, in page: SortedPage, number: Int,
    _ visitor: inout some PageVisitor
  ) throws(SectionProblem) {
    switch search {
    case .absent: return
    case .damaged: throw damaged(number)
    case .found(var index, var bit):
      while true {
        if page.tail(index, width: keyTailWidth) == UInt64(entry.tail) {
          try visitor.visit(
            entry, page: page, index: index,
            extent: number / SortedPageWriter.pagesPerExtent)
        }
        guard page.repeats(index, bit: bit) else { return }
        index &+= 1
        bit &+= 1
      }
    }
  }

  /// The directory keeps 32 bits of a page's smallest number. Where those of an entry are the same,
  /// it may be in that page or in one before.
  @inline(never)
  private func findAmongTies(
    _ entry: KeyEntry, lastPage: Int, _ visitor: inout some PageVisitor
  ) throws(SectionProblem) {
    // The last page that does not begin above the number, found by halving.
    var (low, high) = (directory.page(before: lastPage), lastPage + 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      let first = try withPage(middle) { page throws(SectionProblem) in page.first }
      if first <= entry.value { low = middle } else { high = middle }
    }
    // While a page begins with the number, the one before may end with it.
    while true {
      let first = try withPage(low) { (page) throws(SectionProblem) -> UInt64 in
        try report(entry, page.search(entry.value), in: page, number: low, &visitor)
        return page.first
      }
      guard first == entry.value, low > 0 else { return }
      low -= 1
    }
  }
}
