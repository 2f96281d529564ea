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
    /// A text's hash beside its number, 0 where there is none.
    struct Slot {
      var hash: UInt64
      var number: UInt32
    }
    /// Of texts: open addressing by hash.
    var slots = [Slot](repeating: Slot(hash: 0, number: 0), count: 1 << 10)
    var textCount = 0
    /// By number: where its text ends among the bytes of all.
    var ends: [Int] = [0]
    var bytes: [UInt8] = []
    /// By column and code of its dictionary, as far as met: one pass finds what another has found.
    var tables: [ValueNumbers.Column: [UInt32]] = [:]

    var count: Int { ends.count }

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
      var shared = state.takeTable(of: column, count: table.count)
      for index in codes.indices {
        let code = Int(codes[index])
        guard table[code] == Self.unknown else { continue }
        state.resolve(code, of: lexicon, bytes.span, in: &shared)
        table[code] = shared[code]
      }
      if let column { state.tables[column] = shared }
    }
  }

  /// The same for all codes.
  func resolveAll(of lexicon: TextLexicon, _ column: Column?, in table: inout [UInt32]) {
    let bytes = lexicon.texts.bytes
    state.withLock { state in
      var shared = state.takeTable(of: column, count: table.count)
      for code in shared.indices { state.resolve(code, of: lexicon, bytes.span, in: &shared) }
      table = shared
      if let column { state.tables[column] = shared }
    }
  }
}

extension ValueNumbers.State {
  /// Taken out, so that it is not copied for each number.
  mutating func takeTable(of column: ValueNumbers.Column?, count: Int) -> [UInt32] {
    column.flatMap { tables.removeValue(forKey: $0) }
      ?? Array(repeating: ValueNumbers.unknown, count: count)
  }

  mutating func resolve(
    _ code: Int, of lexicon: TextLexicon, _ bytes: Span<UInt8>, in table: inout [UInt32]
  ) {
    guard table[code] == ValueNumbers.unknown else { return }
    table[code] = number(
      of: bytes.extracting(lexicon.texts.range(of: code)), hash: lexicon.hashes[code])
  }

  mutating func number(of text: Span<UInt8>, hash: UInt64) -> UInt32 {
    let mask = slots.count &- 1
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].number != 0 {
      let slot = slots[place]
      if slot.hash == hash, isEqual(range(of: slot.number), text) { return slot.number }
      place = (place &+ 1) & mask
    }
    let number = UInt32(count)
    // SAFETY: the pointer is used during the call only.
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
    slots[place] = Slot(hash: hash, number: number)
    textCount += 1
    if textCount * 2 > slots.count { grow() }
    return number
  }

  private func isEqual(_ range: Range<Int>, _ text: Span<UInt8>) -> Bool {
    guard range.count == text.count else { return false }
    let all = bytes.span
    let known = all.extracting(range)
    var index = 0
    while index &+ 8 <= text.count {
      if word(known, at: index) != word(text, at: index) { return false }
      index &+= 8
    }
    while index < text.count {
      if known[index] != text[index] { return false }
      index &+= 1
    }
    return true
  }

  private mutating func grow() {
    var grown = [Slot](repeating: Slot(hash: 0, number: 0), count: slots.count * 4)
    for slot in slots where slot.number != 0 {
      var place = Int(truncatingIfNeeded: slot.hash) & (grown.count - 1)
      while grown[place].number != 0 { place = (place + 1) & (grown.count - 1) }
      grown[place] = slot
    }
    slots = grown
  }
}
