import Query
import Sections
import Synchronization

/// Numbers for the groups of a breakdown, the same on all threads; 0 is the group without a value.
final class GroupCodes: Sendable {
  private let values: ValueNumbers
  private let pathCount: Int
  private let tuples = Mutex(Tuples())

  private struct Tuples {
    var known: [[UInt32]: UInt32] = [:]
    var all: [[UInt32]] = []
  }

  init(_ breakdown: Breakdown, _ values: ValueNumbers) {
    self.values = values
    pathCount = breakdown.paths.count
    guard pathCount > 1 else { return }
    let none = [UInt32](repeating: ValueNumbers.none, count: pathCount)
    tuples.withLock { tuples in
      tuples.known[none] = 0
      tuples.all.append(none)
    }
  }

  /// The group of a row, given the address of its first value's number; the others follow at the
  /// distance of a block.
  @inline(__always)
  func code(_ numbers: UnsafePointer<UInt32>) -> UInt32 {
    pathCount == 1 ? unsafe numbers[0] : unsafe tuple(numbers)
  }

  private func tuple(_ numbers: UnsafePointer<UInt32>) -> UInt32 {
    // SAFETY: a stretch has a number for each path.
    code(of: (0..<pathCount).map { unsafe numbers[$0 * Section.blockRows] })
  }

  /// The group of these values, one for each path.
  func code(of key: [UInt32]) -> UInt32 {
    if pathCount == 1 { return key[0] }
    return tuples.withLock { tuples in
      if let known = tuples.known[key] { return known }
      let code = UInt32(tuples.all.count)
      tuples.known[key] = code
      tuples.all.append(key)
      return code
    }
  }

  /// Which of two groups comes first, while there may still come others.
  func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    left != right && values(of: left).lexicographicallyPrecedes(values(of: right))
  }

  private func values(of group: UInt32) -> [Value] {
    if pathCount == 1 { return [values.value(of: group)] }
    return tuples.withLock { $0.all[Int(group)] }.map { values.value(of: $0) }
  }

  /// The values of each group.
  func names() -> GroupNames {
    let all = values.values
    return GroupNames(
      values: pathCount == 1
        ? all.map { [$0] } : tuples.withLock { $0.all.map { $0.map { all[Int($0)] } } })
  }
}

/// What groups are called, once all are known.
struct GroupNames: Sendable {
  let values: [[Value]]

  func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    values[Int(left)].lexicographicallyPrecedes(values[Int(right)])
  }

  /// The largest groups, and those that are too small for a row of their own.
  func ranked(_ sizes: [UInt32: Int], limit: Int) -> (largest: [UInt32], others: [UInt32]) {
    let ranked = sizes.filter { $0.key != ValueNumbers.none }.sorted { left, right in
      left.value == right.value ? precedes(left.key, right.key) : left.value > right.value
    }
    return (ranked.prefix(limit).map(\.key), ranked.dropFirst(limit).map(\.key))
  }

  /// The rows of an answer: of the largest groups, of the others, of what has no value.
  func rows<Tally, Row>(
    _ tallies: [UInt32: Tally], limit: Int, size: (Tally) -> Int, sum: ([Tally]) -> Tally,
    row: (Group, Tally) -> Row
  ) -> [Row] {
    let (largest, others) = ranked(tallies.mapValues(size), limit: limit)
    var rows: [Row] = []
    for code in largest {
      if let tally = tallies[code] { rows.append(row(.values(values[Int(code)]), tally)) }
    }
    if !others.isEmpty { rows.append(row(.other, sum(others.compactMap { tallies[$0] }))) }
    if let none = tallies[ValueNumbers.none] {
      rows.append(row(.values(values[Int(ValueNumbers.none)]), none))
    }
    return rows
  }
}
