/// One thread's use of a pattern: what it has learnt about the pattern and room to work in.
///
/// A text of n bytes takes at most about n steps of bounded size, whatever the pattern and whatever the
/// text: a byte is a look into a table, where the table does not know yet, or is full, a walk over the
/// pattern's nodes. Nothing is allocated once a matcher is made.
package struct Matcher: ~Copyable {
  /// So many slow steps for each state of a full cache are worth learning anew for the next text.
  private static let slowStepsWorthReset = 64

  private let pattern: CompiledPattern
  private var cache: StateCache
  private var sets: StateSets
  /// The row in which a text begins, for each of what may stand before; 0 where none is known yet.
  private var startRows: InlineArray<3, Int> = [0, 0, 0]
  /// Bytes walked over without the table since it was full.
  private var slowBytes = 0
  private var literalSteps = 0
  private var walkedBytes = 0

  package init(_ pattern: CompiledPattern) {
    self.pattern = pattern
    sets = StateSets(pattern)
    cache = StateCache(classes: pattern.classes.count, setWords: sets.words)
  }

  /// What all texts so far have cost: bytes looked at, and nodes visited.
  var steps: Int { literalSteps + walkedBytes + sets.steps }
  var stateCount: Int { cache.count }

  /// Whether the pattern is found in the text. Bytes that are no UTF-8 fit nothing but what a `*` of a
  /// glob, or the search for a place to begin, leaves out.
  package mutating func matches(_ text: Span<UInt8>) -> Bool {
    switch pattern.plan {
    case .literal(let literal, let atStart, let atEnd):
      return matches(literal, atStart, atEnd, text)
    case .automaton: return run(text, from: 0)
    case .automatonAround(let search, let isPrefix):
      switch search.find(in: text, from: 0, steps: &literalSteps) {
      case .absent: return false
      case .at(let place): return run(text, from: isPrefix ? place : 0)
      case .gaveUp: return run(text, from: 0)
      }
    }
  }

  /// The same for many texts: text `i` is what stands between offsets `i` and `i + 1`, of which there
  /// is one more than of texts; `hits` has room for all.
  package mutating func match(
    _ bytes: Span<UInt8>, offsets: Span<UInt32>, into hits: inout MutableSpan<Bool>
  ) {
    precondition(hits.count == offsets.count - 1, "a hit for each text")
    var index = 0
    while index < hits.count {
      let text = bytes.extracting(Int(offsets[index])..<Int(offsets[index + 1]))
      hits[index] = matches(text)
      index += 1
    }
  }

  private mutating func matches(
    _ literal: [UInt8], _ atStart: Bool, _ atEnd: Bool, _ text: Span<UInt8>
  ) -> Bool {
    if !atStart, !atEnd {
      guard let search = pattern.search else { return true }
      switch search.find(in: text, from: 0, steps: &literalSteps) {
      case .at: return true
      case .absent: return false
      case .gaveUp: return run(text, from: 0)
      }
    }
    guard text.count >= literal.count, !atStart || !atEnd || text.count == literal.count else {
      return false
    }
    let first = atStart ? 0 : text.count - literal.count
    let literal = literal.span
    var index = 0
    while index < literal.count, text[first + index] == literal[index] { index += 1 }
    literalSteps += index
    return index == literal.count
  }

  // The machine.

  private mutating func run(_ text: Span<UInt8>, from start: Int) -> Bool {
    if slowBytes > Self.slowStepsWorthReset * cache.count {
      cache.removeAll()
      startRows = [0, 0, 0]
      slowBytes = 0
    }
    let before = sets.before(text, at: start)
    var row = startRows[Int(before.rawValue)]
    if row == 0 {
      guard sets.begin() == .moved else { return true }
      guard let begun = cache.row(of: sets, before: before) else {
        sets.keepNext()
        return simulate(text, from: start, before)
      }
      row = begun
      startRows[Int(before.rawValue)] = row
    }
    var index = start
    while true {
      let first = index
      Self.walk(cache.table.span, pattern.classes.ofByte.span, text, cache.matched, &row, &index)
      walkedBytes += index - first
      let byteClass =
        index < text.count ? Int(pattern.classes.ofByte[Int(text[index])]) : sets.endClass
      var target = Int(cache.table[row + byteClass])
      if target == cache.unknown {
        guard let learnt = learn(row, byteClass) else {
          // No room: on from the byte that was just stepped over.
          sets.keepNext()
          return simulate(text, from: index + 1, sets.before(afterClass: byteClass))
        }
        target = learnt
      }
      if target == cache.matched { return true }
      if target == cache.dead { return false }
      row = target
      index += 1
    }
  }

  /// Over the bytes whose way is known, up to the first that is not or ends the search.
  private static func walk(
    _ table: Span<UInt16>, _ classes: Span<UInt8>, _ text: Span<UInt8>, _ lastSpecial: Int,
    _ row: inout Int, _ index: inout Int
  ) {
    var state = row
    var place = index
    let count = text.count
    while place < count {
      // SAFETY: `place` is below the count; there are 256 classes; a row begins at each entry that is
      // no special, and is as long as there are classes.
      let byteClass = unsafe Int(classes[unchecked: Int(text[unchecked: place])])
      let next = unsafe Int(table[unchecked: state &+ byteClass])
      if next <= lastSpecial { break }
      state = next
      place &+= 1
    }
    row = state
    index = place
  }

  /// Where the class leads from the state. Nil where that is a new state and there is no room: then
  /// `sets.next` is it.
  private mutating func learn(_ row: Int, _ byteClass: Int) -> Int? {
    sets.load(cache.sets, from: cache.firstWord(row))
    let step = sets.step(before: cache.before(row), byteClass: byteClass)
    let target: Int
    if step == .matched {
      target = cache.matched
    } else if byteClass == sets.endClass || sets.isDead {
      target = cache.dead
    } else {
      guard let next = cache.row(of: sets, before: sets.before(afterClass: byteClass)) else {
        return nil
      }
      target = next
    }
    cache.set(row, byteClass, to: target)
    return target
  }

  /// Without the table, from the current nodes of `sets`.
  private mutating func simulate(
    _ text: Span<UInt8>, from start: Int, _ before: StateSets.Before
  ) -> Bool {
    var before = before
    var index = start
    while index < text.count {
      let byteClass = Int(pattern.classes.ofByte[Int(text[index])])
      slowBytes += 1
      guard sets.step(before: before, byteClass: byteClass) == .moved else {
        return true
      }
      if sets.isDead { return false }
      sets.keepNext()
      before = sets.before(afterClass: byteClass)
      index += 1
    }
    let endClass = sets.endClass
    return sets.step(before: before, byteClass: endClass) == .matched
  }
}
