import Columns
package import Events

/// The ids of many rows, block by block: for one thread. Neighbouring rows have their keys anywhere in
/// a section, so that extents of which many are asked for are decoded as a whole, as long as there is room
/// for them.
package struct IDCursor {
  /// An extent as far as it is known: SAFETY: `keys` live as long as the cursor holds them.
  @safe private struct Place {
    var first = 0
    var end = Int.max
    var keys: UnsafePointer<IDKey>?
    var asked: UInt8 = 0
  }

  /// After so many single keys an extent is decoded.
  private static let mostAsked: UInt8 = 6

  private let ids: IDSection
  private let section: Int
  private let shelf: KeyShelf
  private var places: [Place]
  private var decoded: [DecodedKeys] = []
  /// Extents for each position, about.
  private let density: Double
  private var positions = [UInt32](repeating: 0, count: Lanes.blockCount)
  /// The ids of the rows that were asked for last, in their order; room for a block.
  package private(set) var values: [EventID]

  /// `section`: its number among those that share the shelf.
  package init(_ ids: IDSection, section: Int, _ shelf: KeyShelf) {
    self.ids = ids
    self.section = section
    self.shelf = shelf
    places = Array(repeating: Place(), count: ids.pages.extentCount)
    density = Double(places.count) / Double(max(1, ids.root.count))
    values = Array(repeating: EventID(milliseconds: 0, chance: (0, 0)), count: Lanes.blockCount)
  }

  /// Brings the ids of these rows of a block into `values`; `times` are those of the block.
  package mutating func load(
    _ rows: Span<UInt16>, ofBlock block: Int, _ times: Span<Int64>
  ) throws(SectionProblem) {
    guard rows.count <= Lanes.blockCount, times.count <= Lanes.blockCount else {
      throw .column("too many ids")
    }
    try loadPositions(block)
    guard try ids.hasGaps(inBlock: block) else { return try load(rows, block, times) }
    var moved = times.indices.map { times[$0] }
    for index in rows.indices {
      let place = Int(rows[index])
      let row = block * Lanes.blockCount + place
      guard place < moved.count, row < ids.root.count else { throw .column("no id of row \(row)") }
      moved[place] = try ids.idTime(ofRow: row, time: moved[place])
    }
    try load(rows, block, moved.span)
  }

  private mutating func load(
    _ rows: Span<UInt16>, _ block: Int, _ times: Span<Int64>
  ) throws(SectionProblem) {
    let count = min(times.count, ids.root.count - block * Lanes.blockCount)
    var index = 0
    while true {
      index = find(rows, from: index, count, times)
      if index == rows.count { return }
      let place = Int(rows[index])
      guard place < count, Int(positions[place]) < ids.root.count else {
        throw .column("no id of row \(place) in block \(block)")
      }
      let key = try key(at: Int(positions[place]))
      values[index] = ids.mix.id(key, milliseconds: times[place])
      index += 1
    }
  }

  /// Finds ids from `start` on, up to one whose key is not decoded; says how far it came.
  private mutating func find(
    _ rows: Span<UInt16>, from start: Int, _ count: Int, _ times: Span<Int64>
  ) -> Int {
    let (mix, density, last) = (ids.mix, density, places.count - 1)
    // Copies of the arrays' references: what is lent by `self` would bar it from changing.
    let (ownPositions, ownPlaces) = (self.positions, self.places)
    let positions = ownPositions.span
    let places = ownPlaces.span
    var values = values.mutableSpan
    var index = start
    while index < rows.count {
      let row = Int(rows[index])
      guard row < count else { return index }
      let position = Int(positions[row])
      // Extents have about as many keys each: the first guess is right or nearly so.
      var guess = min(last, Int(Double(position) * density))
      while guess > 0, position < places[guess].first { guess &-= 1 }
      while guess < last, position >= places[guess].end { guess &+= 1 }
      guard guess >= 0, position >= places[guess].first, position < places[guess].end,
        let keys = unsafe places[guess].keys
      else { return index }
      // SAFETY: the position is one of this extent's.
      let key = unsafe keys[position &- places[guess].first]
      values[index] = mix.id(key, milliseconds: times[row])
      index &+= 1
    }
    return index
  }

  private mutating func loadPositions(_ block: Int) throws(SectionProblem) {
    let permutation = ids.permutation
    if permutation.width == 0 { return }
    let (extent, offset) = try ids.permutationBlock(block)
    unsafe positions.withUnsafeMutableBufferPointer { positions in
      guard let target = positions.baseAddress else { return }
      // SAFETY: `permutationBlock` has checked that the block's bytes are there, and the buffer has
      // room for a block.
      unsafe Lanes.unpack(extent.start + offset, width: permutation.width, into: target)
    }
    withExtendedLifetime(extent) {}
  }

  /// One key; decodes its extent if it is worth while.
  private mutating func key(at position: Int) throws(SectionProblem) -> IDKey {
    let (key, extent) = try ids.key(at: position)
    guard places.indices.contains(extent), places[extent].asked < Self.mostAsked else {
      return key
    }
    places[extent].asked += 1
    // Whether there is room or not, nobody tries again.
    guard places[extent].asked == Self.mostAsked,
      let keys = try shelf.keys(ofExtent: extent, of: ids, section: section)
    else { return key }
    places[extent].first = keys.first
    places[extent].end = keys.first + keys.count
    unsafe places[extent].keys = keys.start
    decoded.append(keys)
    return key
  }
}
