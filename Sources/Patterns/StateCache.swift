/// The states that a matcher has met, and where each class of bytes leads from them: a deterministic
/// machine, made as far as texts need it. Its size has a limit, and everything is allocated at once.
///
/// A state is named by where its row begins. A row has an entry for each class and one for the end of
/// the text: `unknown`, `dead`, `matched`, or the row of another state.
struct StateCache: ~Copyable {
  static let mostEntries = 1 << 16
  static let mostSetWords = 1 << 15
  static let mostStates = 1_024

  let rowLength: Int
  let unknown = 0
  var dead: Int { rowLength }
  var matched: Int { 2 * rowLength }
  /// States stand behind the three rows that are none.
  var firstState: Int { 3 * rowLength }

  /// Unknown until `set` says otherwise.
  private(set) var table: [UInt16] = []
  private(set) var sets: [UInt64] = []
  private var befores: [StateSets.Before] = []
  /// Numbers of states from 1 by the hash of their sets; 0 is free.
  private var index: [UInt16]
  private let words: Int
  private let limit: Int

  init(classes: Int, setWords: Int) {
    rowLength = classes + 1
    words = setWords
    limit = min(
      Self.mostStates, (Self.mostEntries / rowLength) - 3, Self.mostSetWords / setWords)
    // Reserved pages cost nothing until a state needs them.
    table.reserveCapacity((limit + 3) * rowLength)
    sets.reserveCapacity(limit * setWords)
    befores.reserveCapacity(limit)
    index = [UInt16](repeating: 0, count: 2 * Self.mostStates)
    table.append(contentsOf: repeatElement(0, count: firstState))
  }

  var isFull: Bool { befores.count == limit }
  var count: Int { befores.count }

  mutating func removeAll() {
    table.removeLast(table.count - firstState)
    sets.removeAll(keepingCapacity: true)
    befores.removeAll(keepingCapacity: true)
    for slot in index.indices { index[slot] = 0 }
  }

  /// The row of the state, also a new one; nil where there is no room for it.
  mutating func row(of set: borrowing StateSets, before: StateSets.Before) -> Int? {
    var hash: UInt64 = UInt64(before.rawValue) &+ 1
    for word in 0..<words {
      hash = (hash ^ set.next[word]) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 29
    }
    var slot = Int(hash % UInt64(index.count))
    while index[slot] != 0 {
      let state = Int(index[slot]) - 1
      if befores[state] == before, isEqual(state, set) { return firstState + state * rowLength }
      slot = (slot + 1) % index.count
    }
    guard !isFull else { return nil }
    let state = befores.count
    befores.append(before)
    for word in 0..<words { sets.append(set.next[word]) }
    table.append(contentsOf: repeatElement(0, count: rowLength))
    index[slot] = UInt16(state + 1)
    return firstState + state * rowLength
  }

  private func isEqual(_ state: Int, _ set: borrowing StateSets) -> Bool {
    for word in 0..<words where sets[state * words + word] != set.next[word] { return false }
    return true
  }

  mutating func set(_ row: Int, _ byteClass: Int, to target: Int) {
    table[row + byteClass] = UInt16(target)
  }

  func before(_ row: Int) -> StateSets.Before { befores[(row - firstState) / rowLength] }

  /// Where the words of a state's set begin in `sets`.
  func firstWord(_ row: Int) -> Int { (row - firstState) / rowLength * words }
}
