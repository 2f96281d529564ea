import Sections

// The loops over chosen objects: `places` are a list of theirs in a chunk, `range` a part of it. A place
// of a list is below the capacity of every buffer, and so is a row in its block.
extension BlockLoops {
  @inline(__always)
  private static func check(_ range: Range<Int>, at start: Int = 0) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= RowList.capacity && start >= 0
        && range.count <= RowList.capacity - start, "too many objects")
  }

  /// Every place, ascending.
  static func count(into places: RowList) {
    for place in 0..<RowList.capacity { places[place] = UInt16(truncatingIfNeeded: place) }
  }

  /// Which part of a list of ascending places is inside.
  static func range(of places: RowList, _ count: Int, in range: Range<Int>) -> Range<Int> {
    check(0..<count)
    func first(from limit: Int) -> Int {
      var (low, high) = (0, count)
      while low < high {
        let middle = (low &+ high) / 2
        if Int(places[middle]) < limit { low = middle &+ 1 } else { high = middle }
      }
      return low
    }
    let start = first(from: range.lowerBound)
    return start..<max(start, first(from: range.upperBound))
  }

  static func copy(
    _ places: RowList, _ range: Range<Int>, to list: RowList, at found: inout Int
  ) {
    check(range, at: found)
    // SAFETY: checked just now. The list may be the one that is read, from where it is written on.
    unsafe (list.start + found).update(from: places.start + range.lowerBound, count: range.count)
    found += range.count
  }

  static func copy(_ values: Span<Int64>, to target: BlockBuffer<Int64>) {
    check(0..<values.count)
    for index in values.indices { target[index] = values[index] }
  }

  /// Those whose place has a one. The list may be the one that is read.
  static func keep(
    _ places: RowList, _ range: Range<Int>, where mask: Mask, into list: RowList
  ) -> Int {
    check(range)
    // SAFETY: checked just now; no more are written than were read.
    let (places, mask, list) = unsafe (places.start, mask.start, list.start)
    var found = 0
    var index = range.lowerBound
    while index < range.upperBound {
      let place = unsafe places[index]
      unsafe list[found] = place
      found &+= Int(unsafe mask[Int(place)])
      index &+= 1
    }
    return found
  }

  /// Those whose values are inside. The list may be the one that is read.
  static func keep(
    _ places: RowList, _ range: Range<Int>, where values: BlockBuffer<Int64>,
    isIn bounds: ClosedRange<Int64>, into list: RowList, at start: inout Int
  ) {
    check(range, at: start)
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    // SAFETY: checked just now; no more are written than were read.
    let (places, values, list) = unsafe (places.start, values.start, list.start)
    var found = start
    var index = range.lowerBound
    while index < range.upperBound {
      let place = unsafe places[index]
      let value = unsafe values[Int(place)]
      unsafe list[found] = place
      found &+= (value >= low ? 1 : 0) & (value <= high ? 1 : 0)
      index &+= 1
    }
    start = found
  }

  /// Where the ascending numbers of the chosen, from one of them on, are no longer below a limit.
  static func end(
    _ numbers: BlockBuffer<UInt32>, _ places: RowList, _ start: Int, _ count: Int,
    below limit: Int
  ) -> Int {
    check(start..<count)
    // SAFETY: checked just now.
    let (numbers, places) = unsafe (numbers.start, places.start)
    if start < count, unsafe Int(numbers[Int(places[count &- 1])]) < limit { return count }
    var index = start
    while index < count, unsafe Int(numbers[Int(places[index])]) < limit { index &+= 1 }
    return index
  }

  /// The rows of the chosen in their block.
  static func placesInBlock(
    _ rows: BlockBuffer<UInt32>, _ places: RowList, _ range: Range<Int>, into target: RowList
  ) {
    check(range)
    // SAFETY: checked just now.
    let (rows, places, target) = unsafe (rows.start, places.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      let row = unsafe rows[Int(places[index])]
      unsafe target[index &- range.lowerBound] =
        UInt16(truncatingIfNeeded: row) & UInt16(Section.blockRows &- 1)
      index &+= 1
    }
  }

  /// Gives each of the chosen this mark.
  static func mark(
    _ places: RowList, _ range: Range<Int>, with verdict: Bool = true, in mask: Mask
  ) {
    check(range)
    // SAFETY: checked just now.
    let (places, mask) = unsafe (places.start, mask.start)
    var index = range.lowerBound
    while index < range.upperBound {
      unsafe mask[Int(places[index])] = verdict ? 1 : 0
      index &+= 1
    }
  }

  /// The values of the chosen, side by side.
  static func gather(
    _ values: BlockBuffer<Int64>, _ places: RowList, _ range: Range<Int>,
    into target: BlockBuffer<Int64>
  ) {
    check(range)
    // SAFETY: checked just now.
    let (values, places, target) = unsafe (values.start, places.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      unsafe target[index &- range.lowerBound] = values[Int(places[index])]
      index &+= 1
    }
  }

  /// Gives each of the chosen its number, the first of `numbers` the first.
  static func scatter(
    _ numbers: Span<UInt32>, to places: RowList, _ range: Range<Int>,
    into target: BlockBuffer<UInt32>
  ) {
    check(range)
    precondition(numbers.count >= range.count, "too few numbers")
    // SAFETY: checked just now.
    let (places, target) = unsafe (places.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      unsafe target[Int(places[index])] = numbers[unchecked: index &- range.lowerBound]
      index &+= 1
    }
  }

  /// Gives each of the chosen what its row in a block has.
  static func gather(
    _ values: BlockBuffer<UInt32>, _ rows: BlockBuffer<UInt32>, _ places: RowList,
    _ range: Range<Int>, into target: BlockBuffer<UInt32>
  ) {
    check(range)
    // SAFETY: checked just now.
    let (values, rows, places, target) = unsafe (
      values.start, rows.start, places.start, target.start
    )
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe places[index])
      let row = Int(unsafe rows[place]) & (Section.blockRows &- 1)
      unsafe target[place] = values[row]
      index &+= 1
    }
  }

  static func gather(
    _ values: Span<Int64>, _ rows: BlockBuffer<UInt32>, _ places: RowList, _ range: Range<Int>,
    into target: BlockBuffer<Int64>
  ) {
    check(range)
    precondition(values.count >= Section.blockRows, "too few values")
    // SAFETY: checked just now.
    let (rows, places, target) = unsafe (rows.start, places.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe places[index])
      let row = Int(unsafe rows[place]) & (Section.blockRows &- 1)
      unsafe target[place] = values[unchecked: row]
      index &+= 1
    }
  }

  /// What `ctx` numbers say, `values` being those from `first` on, for the chosen that have them.
  static func gather<Value>(
    _ values: BlockBuffer<Value>, from first: Int, _ numbers: BlockBuffer<UInt32>,
    _ places: RowList, _ range: Range<Int>, into target: BlockBuffer<Value>
  ) {
    check(range)
    let first = UInt32(truncatingIfNeeded: first)
    // SAFETY: checked just now; a value's place is below the capacity.
    let (values, numbers, places, target) = unsafe (
      values.start, numbers.start, places.start, target.start
    )
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe places[index])
      let number = Int(unsafe numbers[place] &- first) & (BlockBuffer<Value>.capacity &- 1)
      unsafe target[place] = values[number]
      index &+= 1
    }
  }

  /// The run of each row of a block: marks where runs begin, added up without a branch.
  static func number(
    _ starts: Span<UInt16>, from first: Int, into numbers: BlockBuffer<UInt32>
  ) {
    fill(numbers, Section.blockRows, with: 0)
    // SAFETY: a start is the place of a row in its block.
    let numbers = unsafe numbers.start
    var index = 0
    while index < starts.count {
      unsafe numbers[Int(starts[index]) & (Section.blockRows &- 1)] = 1
      index &+= 1
    }
    // The first row begins a run.
    var run = UInt32(truncatingIfNeeded: first) &- 1
    var row = 0
    while row < Section.blockRows {
      run &+= unsafe numbers[row]
      unsafe numbers[row] = run
      row &+= 1
    }
  }
}

extension BlockBuffer {
  /// Lends the first values.
  @inline(__always)
  func withSpan<Result, Problem: Error>(
    _ count: Int, _ body: (Span<Value>) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    precondition(count >= 0 && count <= Self.capacity, "no \(count) values in a buffer")
    // SAFETY: checked just now; the buffer lives until the end of the call.
    let values = unsafe UnsafeBufferPointer(start: start, count: count)
    defer { extendLifetime(self) }
    return try body(unsafe values.span)
  }
}
