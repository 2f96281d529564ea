import Columns
import Events

// What makes an id section an index: keys that ascend, a directory that says where they begin, and for
// each row a position that no other row has. The times of the ids are those that the root's map has.
extension IDSection {
  func check(_ section: Section, strays: StrayRun?) throws(SectionProblem) {
    try checkPages()
    try checkPermutation()
    let far = try checkTimes(section)
    guard section.directory.strays != .unknown else { return }
    // An id may be there whose row has gone, never the other way round.
    guard far.count <= strays?.root.count ?? 0 else { throw .directory("strays: count") }
    guard let strays else { return }
    // In their order and whole; then each of the section's is one of them.
    try strays.forEach { _ throws(SectionProblem) in }
    let found = try strays.find(StrayBatch(far, mix: mix))
    guard Set(found.map(\.index)).count == far.count else {
      throw .directory("a stray that its run lacks")
    }
  }

  private func checkPages() throws(SectionProblem) {
    var count = 0
    var last: (value: UInt64, tail: UInt64)?
    var values: [UInt64] = []
    for number in 0..<pages.pageCount {
      let extent = number / SortedPageWriter.pagesPerExtent
      values.removeAll(keepingCapacity: true)
      try pages.withPage(number) { page throws(SectionProblem) in
        guard page.position == count, page.appendValues(to: &values),
          (page.first &- root.directory.base) >> root.directory.shift
            == UInt64(root.directory.firsts[number]), values.first == page.first
        else { throw .damaged(extent: extent) }
        for (index, value) in values.enumerated() {
          let tail = page.tail(index, width: IDKey.tailWidth)
          if let last, (value, tail) < last { throw .damaged(extent: extent) }
          last = (value, tail)
        }
      }
      count += values.count
    }
    guard count == root.count else { throw .badRoot(at: 4) }
  }

  private func checkPermutation() throws(SectionProblem) {
    guard permutation.width > 0 else { return }
    var seen = [UInt64](repeating: 0, count: (root.count + 63) / 64)
    var positions = [UInt32](repeating: 0, count: Lanes.blockCount)
    for block in 0..<permutation.blocks {
      let (extent, offset) = try permutationBlock(block)
      extent.withBytes { bytes in
        var target = positions.mutableSpan
        Lanes.unpack(
          bytes.extracting(droppingFirst: offset), width: permutation.width, into: &target)
      }
      for row in 0..<min(Lanes.blockCount, root.count - block * Lanes.blockCount) {
        let position = Int(positions[row])
        guard position < root.count, seen[position >> 6] >> UInt64(position & 63) & 1 == 0 else {
          throw .damaged(extent: firstPermutationExtent + block / permutation.blocksPerExtent)
        }
        seen[position >> 6] |= 1 << UInt64(position & 63)
      }
    }
  }

  /// Returns the ids of rows that lie far from them.
  private func checkTimes(_ section: Section) throws(SectionProblem) -> [EventID] {
    var far: [EventID] = []
    var rows = try section.times()
    var (least, most) = (Int64.max, Int64.min)
    for block in 0..<section.blockCount {
      var near: [UInt64] = []
      for index in 0..<(try rows.load(block)) {
        let time = try idTime(ofRow: block * Lanes.blockCount + index, time: rows.values[index])
        guard 0...EventID.maximumMilliseconds ~= time else { throw .directory("times of ids") }
        least = min(least, time)
        most = max(most, time)
        let id = EventID(milliseconds: time, chance: (0, 0))
        if !IDRoute.isStray(id, time: rows.values[index]) {
          near.append(UInt64(time))
        } else if section.directory.strays != .unknown {
          far.append(
            try self.id(
              ofRow: block * Lanes.blockCount + index, time: rows.values[index]))
        }
      }
      var chosen: [UInt32] = []
      root.timeMap.choose(from: near, within: root.times, into: &chosen)
      guard chosen.count == near.count else { throw .directory("a time that the map of ids lacks") }
    }
    // Beside strays there may be those of rows that are gone.
    let said = section.directory.idTimes
    if case .run = section.directory.strays {
      guard said.lowerBound <= least, most <= said.upperBound else {
        throw .directory("times of ids")
      }
    } else if said != least...max(least, most) {
      throw .directory("times of ids")
    }
    return far
  }
}
