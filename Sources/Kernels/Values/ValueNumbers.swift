import Columns
import Query
import Synchronization

/// Numbers for the values that groups are made of, the same in all sections and on all threads. Values
/// that are equal have one number, and 0 is none.
final class ValueNumbers: Sendable {
  static let none: UInt32 = 0

  private struct State {
    var values: [Value] = [.null]
    var others: [Value: UInt32] = [.null: 0]
    /// Of texts: open addressing by hash, a number in each slot or 0.
    var slots = [UInt32](repeating: 0, count: 1 << 10)
    var hashes: [UInt64] = [0]
    var textCount = 0
    var byteCount = 0
    /// The bytes of all texts, and where each number's begin and end.
    var bytes: [UInt8] = []
    var places: [Range<Int>] = [0..<0]
  }

  private let state = Mutex(State())

  var count: Int { state.withLock { $0.values.count } }
  /// About what they take.
  var byteCount: Int { state.withLock { $0.byteCount } }
  var values: [Value] { state.withLock { $0.values } }

  func value(_ number: UInt32) -> Value { state.withLock { $0.values[Int(number)] } }

  func number(of value: Value) -> UInt32 {
    let value = value.grouped
    if case .string(let text) = value {
      let bytes = Array(text.utf8)
      return number(of: bytes.span, hash: TextHash.hash(bytes.span))
    }
    return state.withLock { state in
      if let known = state.others[value] { return known }
      let number = UInt32(state.values.count)
      state.values.append(value)
      state.hashes.append(0)
      state.places.append(0..<0)
      state.others[value] = number
      state.byteCount += 64
      return number
    }
  }

  /// `hash` is the text's `TextHash`.
  func number(of text: Span<UInt8>, hash: UInt64) -> UInt32 {
    state.withLock { state in
      let mask = state.slots.count - 1
      var slot = Int(truncatingIfNeeded: hash) & mask
      while state.slots[slot] != 0 {
        let number = state.slots[slot]
        if state.hashes[Int(number)] == hash,
          Self.isEqual(state.bytes.span.extracting(state.places[Int(number)]), text)
        {
          return number
        }
        slot = (slot + 1) & mask
      }
      let number = UInt32(state.values.count)
      state.values.append(.string(Self.string(text)))
      state.hashes.append(hash)
      let start = state.bytes.count
      for index in text.indices { state.bytes.append(text[index]) }
      state.places.append(start..<state.bytes.count)
      state.slots[slot] = number
      state.textCount += 1
      state.byteCount += 80 + 2 * text.count
      if state.textCount * 2 > state.slots.count { Self.grow(&state) }
      return number
    }
  }

  private static func isEqual(_ known: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
    guard known.count == text.count else { return false }
    var index = 0
    while index < text.count {
      if known[index] != text[index] { return false }
      index &+= 1
    }
    return true
  }

  private static func string(_ text: Span<UInt8>) -> String {
    // SAFETY: the bytes are copied during the call.
    unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  private static func grow(_ state: inout State) {
    var slots = [UInt32](repeating: 0, count: state.slots.count * 4)
    for (number, value) in state.values.enumerated() where value.text != nil {
      var slot = Int(truncatingIfNeeded: state.hashes[number]) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(number)
    }
    state.slots = slots
  }
}
