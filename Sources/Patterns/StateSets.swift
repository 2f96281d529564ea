/// The sets of nodes that a matcher is in, while it steps over a byte. Sets are bits, so that equal
/// ones look equal. Everything is allocated at once and used again.
struct StateSets: ~Copyable {
  /// What stands before a place, as far as a pattern may ask.
  enum Before: UInt8 { case start, other, word }

  /// Whether the step has reached the match.
  enum Step { case matched, moved }

  private let automaton: Automaton
  private let classes: ByteClasses
  private let usesWords: Bool
  private let usesStart: Bool
  let words: Int
  /// Where a step comes from.
  private var current: [UInt64]
  /// Where a step goes to.
  private(set) var next: [UInt64]
  private var seen: [UInt64]
  private var stack: [UInt16]
  /// The class of what comes after the last byte.
  let endClass: Int
  /// Nodes visited.
  private(set) var steps = 0

  init(_ pattern: CompiledPattern) {
    automaton = pattern.automaton
    classes = pattern.classes
    usesWords = automaton.usesWordBoundaries
    usesStart = automaton.usesStart
    words = (automaton.nodes.count + 63) / 64
    next = [UInt64](repeating: 0, count: words)
    seen = next
    current = next
    stack = [UInt16](repeating: 0, count: automaton.nodes.count + 1)
    endClass = classes.count
  }

  /// What is remembered of the bytes before a place: no more than the pattern asks for.
  func before(_ text: Span<UInt8>, at index: Int) -> Before {
    if index == 0 { return usesStart || usesWords ? .start : .other }
    return usesWords && ScalarSet.wordCharacters.contains(UInt32(text[index - 1])) ? .word : .other
  }

  func before(afterClass byteClass: Int) -> Before {
    usesWords && isWord(byteClass) ? .word : .other
  }

  /// Only at the end of the text and of a pattern that begins at its start is nothing left to hope.
  var isDead: Bool { automaton.beginsAtStart && next.allSatisfy { $0 == 0 } }

  /// The set of the start, as `next`: empty where every place is a start.
  mutating func begin() -> Step {
    clear()
    guard automaton.beginsAtStart else { return .moved }
    return reach(automaton.start)
  }

  /// The next step comes from where the last one went.
  mutating func keepNext() {
    for word in 0..<words { current[word] = next[word] }
  }

  /// The next step comes from the set in `source` whose words begin at `first`.
  mutating func load(_ source: [UInt64], from first: Int) {
    for word in 0..<words { current[word] = source[first + word] }
  }

  /// From the current nodes over a byte of the class, or to the end of the text.
  mutating func step(before: Before, byteClass: Int) -> Step {
    clear()
    var depth = 0
    var index = 0
    while index < words {
      var bits = current[index]
      while bits != 0 {
        let node = UInt16(truncatingIfNeeded: index * 64 + bits.trailingZeroBitCount)
        bits &= bits - 1
        push(node, &depth)
      }
      index += 1
    }
    let isEnd = byteClass == endClass
    let byte = isEnd ? 0 : classes.examples[byteClass]
    // In the middle of a scalar nothing begins.
    if !automaton.beginsAtStart, isEnd || byte & 0xC0 != 0x80 { push(automaton.start, &depth) }
    while depth > 0 {
      depth -= 1
      steps += 1
      switch automaton.nodes[Int(stack[depth])] {
      case .match: return .matched
      case .split(let first, let second):
        push(first, &depth)
        push(second, &depth)
      case .assertion(let assertion, let target):
        if holds(assertion, before, byteClass) { push(target, &depth) }
      case .bytes(let firstArrow, let count):
        guard !isEnd else { continue }
        if let target = automaton.arrowTarget(from: firstArrow, count, on: byte) {
          next[Int(target) / 64] |= 1 << (UInt64(target) % 64)
        }
      }
    }
    return followSplits()
  }

  private mutating func reach(_ node: UInt16) -> Step {
    next[Int(node) / 64] |= 1 << (UInt64(node) % 64)
    return followSplits()
  }

  /// Replaces the splits in `next` by what they lead to: two sets that differ in splits alone would be
  /// two states that do the same.
  private mutating func followSplits() -> Step {
    var depth = 0
    for index in 0..<words { seen[index] = 0 }
    for index in 0..<words {
      var bits = next[index]
      next[index] = 0
      while bits != 0 {
        push(UInt16(truncatingIfNeeded: index * 64 + bits.trailingZeroBitCount), &depth)
        bits &= bits - 1
      }
    }
    while depth > 0 {
      depth -= 1
      steps += 1
      let node = stack[depth]
      switch automaton.nodes[Int(node)] {
      case .match: return .matched
      case .split(let first, let second):
        push(first, &depth)
        push(second, &depth)
      case .assertion, .bytes: next[Int(node) / 64] |= 1 << (UInt64(node) % 64)
      }
    }
    return .moved
  }

  private mutating func clear() {
    for index in 0..<words {
      next[index] = 0
      seen[index] = 0
    }
  }

  /// Once each, so that the stack holds them all.
  private mutating func push(_ node: UInt16, _ depth: inout Int) {
    let word = Int(node) / 64
    let bit: UInt64 = 1 << (UInt64(node) % 64)
    guard seen[word] & bit == 0 else { return }
    seen[word] |= bit
    stack[depth] = node
    depth += 1
  }

  private func isWord(_ byteClass: Int) -> Bool {
    byteClass != endClass && ScalarSet.wordCharacters.contains(UInt32(classes.examples[byteClass]))
  }

  private func holds(_ assertion: Assertion, _ before: Before, _ byteClass: Int) -> Bool {
    switch assertion {
    case .start: before == .start
    case .end: byteClass == endClass
    case .wordBoundary: (before == .word) != isWord(byteClass)
    case .noWordBoundary: (before == .word) == isWord(byteClass)
    }
  }
}
