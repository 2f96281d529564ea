/// What each group (a person) had last. One scratch serves many columns, without being cleared.
package struct Carry: Sendable {
  private var values: [UInt64]
  private var turns: [UInt32]
  private var turn: UInt32 = 0

  package init(groups: Int) {
    values = [UInt64](repeating: 0, count: groups)
    turns = [UInt32](repeating: 0, count: groups)
  }

  package var groupCount: Int { values.count }

  /// Makes room for this many groups and forgets everything, for the next column.
  package mutating func start(groups: Int) {
    if groups > values.count {
      values.append(contentsOf: repeatElement(0, count: groups - values.count))
      turns.append(contentsOf: repeatElement(0, count: groups - turns.count))
    }
    if turn == .max {
      for index in turns.indices { turns[index] = 0 }
      turn = 0
    }
    turn += 1
  }

  /// The last value of a group, or nil where it has none yet.
  @inline(__always)
  package subscript(_ group: UInt32) -> UInt64? {
    turns[Int(group)] == turn ? values[Int(group)] : nil
  }

  @inline(__always)
  package mutating func set(_ value: UInt64, of group: UInt32) {
    values[Int(group)] = value
    turns[Int(group)] = turn
  }

  /// Values from what was written of them: a bit for "the same as last", the value where it is not.
  package mutating func join(
    _ isCarried: [Bool], _ changes: [UInt64], groups: Span<UInt32>, at place: Int
  ) throws(ColumnProblem) -> [UInt64] {
    var next = 0
    var values: [UInt64] = []
    values.reserveCapacity(isCarried.count)
    for index in groups.indices {
      let group = groups[index]
      if isCarried[index] {
        guard let value = self[group] else { throw .badCode(at: place) }
        values.append(value)
      } else {
        let value = changes[next]
        next &+= 1
        set(value, of: group)
        values.append(value)
      }
    }
    return values
  }
}
