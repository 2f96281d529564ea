import Columns
import Query
import Synchronization

/// Numbers for the values that groups are made of, the same in all sections and on all threads. Values
/// that are equal have one number, and 0 is none.
final class ValueNumbers: Sendable {
  static let none: UInt32 = 0
  /// In the place of a number: nobody has asked for it yet.
  static let unknown = UInt32.max

  fileprivate struct State {
    /// What is no text, both ways.
    var numbers: [Value: UInt32] = [.null: 0]
    var others: [UInt32: Value] = [0: .null]
    /// Of texts: open addressing by hash, a number in each slot or 0.
    var slots = [UInt32](repeating: 0, count: 1 << 10)
    var textCount = 0
    /// By number: the hash of its text, and where it ends among the bytes of all.
    var hashes: [UInt64] = [0]
    var ends: [Int] = [0]
    var bytes: [UInt8] = []
    /// By column and code of its dictionary, as far as met: one pass finds what another has found.
    var tables: [ValueNumbers.Column: [UInt32]] = [:]

    var count: Int { hashes.count }

    func range(of number: UInt32) -> Range<Int> {
      (number == 0 ? 0 : ends[Int(number) - 1])..<ends[Int(number)]
    }

    func value(of number: UInt32) -> Value {
      others[number] ?? .string(String(decoding: bytes[range(of: number)], as: UTF8.self))
    }
  }

  private let state = Mutex(State())

  /// A column of a table that lives as long as the question.
  struct Column: Hashable, Sendable {
    let table: ObjectIdentifier
    let column: Int
  }

  /// The numbers of a dictionary's codes, as far as anybody has asked.
  func table(of column: Column?, count: Int) -> [UInt32] {
    state.withLock { state in
      column.flatMap { state.tables[$0] } ?? Array(repeating: Self.unknown, count: count)
    }
  }

  var count: Int { state.withLock { $0.count } }
  /// About what they take.
  var byteCount: Int {
    state.withLock { 2 * $0.bytes.count + 32 * $0.count + 64 * $0.others.count }
  }

  func value(of number: UInt32) -> Value { state.withLock { $0.value(of: number) } }

  /// All values, each at the place of its number.
  var values: [Value] {
    state.withLock { state in (0..<state.count).map { state.value(of: UInt32($0)) } }
  }

  func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    state.withLock { $0.value(of: left) < $0.value(of: right) }
  }

  func number(of value: Value) -> UInt32 {
    let value = value.grouped
    if case .string(let text) = value {
      let bytes = Array(text.utf8)
      return number(of: bytes.span, hash: TextHash.hash(bytes.span))
    }
    return state.withLock { state in
      if let known = state.numbers[value] { return known }
      let number = UInt32(state.count)
      state.others[number] = value
      state.numbers[value] = number
      state.hashes.append(0)
      state.ends.append(state.bytes.count)
      return number
    }
  }

  /// `hash` is the text's `TextHash`.
  func number(of text: Span<UInt8>, hash: UInt64) -> UInt32 {
    state.withLock { $0.number(of: text, hash: hash) }
  }

  /// Finds the numbers of those codes of a dictionary that have none yet.
  func resolve(
    _ codes: Span<UInt32>, of lexicon: TextLexicon, _ column: Column?, in table: inout [UInt32]
  ) {
    let bytes = lexicon.texts.bytes
    state.withLock { state in
      let all = bytes.span
      // Taken out, so that it is not copied for each number.
      var shared =
        column.flatMap { state.tables.removeValue(forKey: $0) }
        ?? Array(repeating: Self.unknown, count: table.count)
      for index in codes.indices {
        let code = Int(codes[index])
        guard table[code] == Self.unknown else { continue }
        if shared[code] == Self.unknown {
          shared[code] = state.number(
            of: all.extracting(lexicon.texts.range(of: code)), hash: lexicon.hashes[code])
        }
        table[code] = shared[code]
      }
      if let column { state.tables[column] = shared }
    }
  }
}

extension ValueNumbers.State {
  mutating func number(of text: Span<UInt8>, hash: UInt64) -> UInt32 {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let number = slots[slot]
      if hashes[Int(number)] == hash, isEqual(range(of: number), text) { return number }
      slot = (slot &+ 1) & mask
    }
    let number = UInt32(count)
    hashes.append(hash)
    // SAFETY: the pointer is used during the call only.
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
    slots[slot] = number
    textCount += 1
    if textCount * 2 > slots.count { grow() }
    return number
  }

  private func isEqual(_ range: Range<Int>, _ text: Span<UInt8>) -> Bool {
    guard range.count == text.count else { return false }
    let known = bytes.span
    var index = 0
    while index < text.count {
      if known[range.lowerBound &+ index] != text[index] { return false }
      index &+= 1
    }
    return true
  }

  private mutating func grow() {
    var grown = [UInt32](repeating: 0, count: slots.count * 4)
    for number in slots where number != 0 {
      var slot = Int(truncatingIfNeeded: hashes[Int(number)]) & (grown.count - 1)
      while grown[slot] != 0 { slot = (slot + 1) & (grown.count - 1) }
      grown[slot] = number
    }
    slots = grown
  }
}
