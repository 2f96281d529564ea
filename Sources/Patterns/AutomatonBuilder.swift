/// Makes the machine of an expression, from its end to its start: a part is built when it is known
/// where it leads.
struct AutomatonBuilder {
  private var automaton = Automaton()
  /// Equal sets of arrows are one node, so that ends of characters are shared.
  private var known: [[Automaton.Arrow]: UInt16] = [:]

  static func build(_ expression: Expression) throws(PatternProblem) -> Automaton {
    var builder = AutomatonBuilder()
    let match = try builder.add(.match)
    builder.automaton.start = try builder.build(expression, then: match)
    builder.automaton.beginsAtStart = expression.beginsAtStart
    return builder.automaton
  }

  private mutating func build(
    _ expression: Expression, then next: UInt16
  ) throws(PatternProblem) -> UInt16 {
    switch expression {
    case .scalar(let set):
      return try scalar(UTF8Ranges.sequences(of: set)[...], depth: 0, then: next)
    case .assertion(let assertion): return try add(.assertion(assertion, next))
    case .sequence(let parts):
      var target = next
      for part in parts.reversed() { target = try build(part, then: target) }
      return target
    case .choice(let parts):
      var target = try build(parts[parts.count - 1], then: next)
      for part in parts.dropLast().reversed() {
        target = try add(.split(try build(part, then: next), target))
      }
      return target
    case .anything:
      let loop = try add(.match)
      let byte = try bytes([Automaton.Arrow(first: 0, last: 255, target: loop)])
      automaton.nodes[Int(loop)] = .split(byte, next)
      return loop
    case .repetition(let part, let atLeast, let atMost):
      return try repetition(part, atLeast, atMost, then: next)
    }
  }

  private mutating func repetition(
    _ part: Expression, _ atLeast: Int, _ atMost: Int?, then next: UInt16
  ) throws(PatternProblem) -> UInt16 {
    var target = next
    if let atMost {
      for _ in atLeast..<max(atMost, atLeast) {
        let once = try build(part, then: target)
        // What is empty does not become more by being repeated; a thousand times a thousand of
        // it would take long to find out.
        if once == target { return target }
        // Leaving early leads to the end at once: a chain would make each step walk along it.
        target = try add(.split(once, next))
      }
    } else {
      let loop = try add(.match)
      let once = try build(part, then: loop)
      automaton.nodes[Int(loop)] = .split(once, next)
      if atLeast == 0 { return loop }
      target = once
    }
    for _ in 0..<(atMost == nil ? atLeast - 1 : atLeast) {
      let once = try build(part, then: target)
      if once == target { break }
      target = once
    }
    return target
  }

  /// A tree over the first bytes of these sequences, all longer than `depth`.
  private mutating func scalar(
    _ sequences: ArraySlice<UTF8Ranges.Sequence>, depth: Int, then next: UInt16
  ) throws(PatternProblem) -> UInt16 {
    var arrows: [Automaton.Arrow] = []
    var index = sequences.startIndex
    while index < sequences.endIndex {
      let range = sequences[index][depth]
      var end = index + 1
      while end < sequences.endIndex, sequences[end][depth] == range { end += 1 }
      let isLast = sequences[index].count == depth + 1
      let target =
        isLast ? next : try scalar(sequences[index..<end], depth: depth + 1, then: next)
      arrows.append(
        Automaton.Arrow(first: range.lowerBound, last: range.upperBound, target: target))
      index = end
    }
    return try bytes(arrows)
  }

  private mutating func bytes(_ arrows: [Automaton.Arrow]) throws(PatternProblem) -> UInt16 {
    if let node = known[arrows] { return node }
    let first = UInt32(automaton.arrows.count)
    automaton.arrows.append(contentsOf: arrows)
    let node = try add(.bytes(firstArrow: first, count: UInt32(arrows.count)))
    known[arrows] = node
    return node
  }

  private mutating func add(_ node: Automaton.Node) throws(PatternProblem) -> UInt16 {
    guard automaton.nodes.count < Automaton.mostNodes else {
      throw .tooLarge(limit: Automaton.mostNodes)
    }
    automaton.nodes.append(node)
    return UInt16(automaton.nodes.count - 1)
  }
}
