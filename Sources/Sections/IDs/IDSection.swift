/// The ids of a section, sorted by key, with the position of each row's among them: the exact index
/// of a section's ids, in the bytes that the ids alone would take.
///
/// An id is found in three steps: `find` gives the positions of equal keys, `rows(at:)` their rows, and
/// `idTime(ofRow:time:)` tells whether it is the same id, for a key and a time make an id.
package struct IDSection: Sendable {
  package let root: IDSectionRoot
  let source: any ExtentSource
  let mix: IDMix
  let pages: SortedPages
  let permutation: RowPermutation

  /// The section of this root; its extents are numbered from 0 in `source`.
  package init(
    _ root: IDSectionRoot, source: any ExtentSource, mix: IDMix
  ) throws(SectionProblem) {
    guard root.mark == mix.mark else { throw .foreignSecret }
    self.root = root
    self.source = source
    self.mix = mix
    pages = SortedPages(
      directory: root.directory, source: source, tailWidth: IDKey.tailWidth,
      keyTailWidth: IDKey.tailWidth)
    permutation = RowPermutation(count: root.count)
  }

  var firstPermutationExtent: Int { pages.extentCount }
  var firstGapExtent: Int { firstPermutationExtent + permutation.extentCount }

  package var extentCount: Int {
    firstGapExtent
      + (root.hasGaps ? IDTimeGaps.extentCount(blocks: permutation.blocks) : 0)
  }

  /// Where ids of the batch may be here. Nothing is read for ids of a time that this section has no
  /// ids of, such as all that are newer than its newest. Nothing is promised for strays.
  package func find(_ batch: IDBatch) throws(SectionProblem) -> [IDHit] {
    var chosen: [UInt32] = []
    root.timeMap.choose(from: batch.times, within: root.times, into: &chosen)
    var hits = Hits(count: root.count)
    try pages.find(chosen, of: batch.entries, &hits)
    return hits.found
  }

  /// Where ids of the batch may be here, strays among them: where a section may have some, its map of
  /// times cannot say.
  package func findWithStrays(_ batch: IDBatch) throws(SectionProblem) -> [IDHit] {
    guard root.hasGaps else { return try find(batch) }
    var hits = Hits(count: root.count)
    try pages.find((0..<UInt32(batch.count)).map { $0 }, of: batch.entries, &hits)
    return hits.found
  }

  /// How many ids of the batch `find` would look for in the pages.
  package func candidateCount(_ batch: IDBatch) -> Int {
    var chosen: [UInt32] = []
    root.timeMap.choose(from: batch.times, within: root.times, into: &chosen)
    return chosen.count
  }

  private struct Hits: PageVisitor {
    let count: Int
    var found: [IDHit] = []

    mutating func visit(
      _ entry: KeyEntry, page: SortedPage, index: Int, extent: Int
    ) throws(SectionProblem) {
      let position = page.position + index
      guard position < count else { throw .damaged(extent: extent) }
      found.append(IDHit(index: Int(entry.number), position: position))
    }
  }
}
