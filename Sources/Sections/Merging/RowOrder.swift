// A byte for each step: bits 0–2 its rows less one, bits 3–5 the input, bits 6–7 the kind.

/// In which order the rows (or objects) of up to eight inputs follow each other in the result, and which
/// of them are left out: a byte for a stretch of up to eight, so never more than a byte a row.
struct RowOrder {
  enum Kind: UInt8 {
    case take = 0
    case drop = 1
    /// What the input gave last comes once more.
    case again = 2
  }

  struct Step {
    let input: Int
    let kind: Kind
    let count: Int
  }

  static let mostInputs = 8
  /// Whoever takes a step at once needs memory for so many rows, and eight.
  static let mostRowsOfStep = 1 << 14

  private var bytes: [UInt8] = []
  /// Rows of the result.
  private(set) var taken = 0
  private(set) var dropped = 0

  var byteCount: Int { bytes.capacity }

  mutating func append(_ input: Int, _ kind: Kind, _ count: Int) {
    let code = kind.rawValue &<< 3 | UInt8(truncatingIfNeeded: input)
    var left = count
    if kind != .again, let last = bytes.last, last &>> 3 == code {
      let more = min(7 &- Int(last & 7), left)
      bytes[bytes.count &- 1] = last &+ UInt8(truncatingIfNeeded: more)
      left &-= more
    }
    while left > 0 {
      let some = min(left, 8)
      bytes.append(code &<< 3 | UInt8(truncatingIfNeeded: some &- 1))
      left &-= some
    }
    if kind == .drop { dropped += count } else { taken += count }
  }

  /// Gives back memory that is not needed any more once nothing is appended.
  mutating func finish() {
    if bytes.capacity > bytes.count * 5 / 4 { bytes = bytes.withCapacityOfItsCount }
  }

  var steps: Steps { Steps(bytes: bytes) }

  /// The steps again, neighbours of one kind as one.
  struct Steps {
    fileprivate let bytes: [UInt8]
    private var next = 0

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func nextStep() -> Step? {
      guard next < bytes.count else { return nil }
      let code = bytes[next] &>> 3
      var count = Int(bytes[next] & 7) &+ 1
      next &+= 1
      let kind = Kind(rawValue: code &>> 3) ?? .take
      if kind != .again {
        while next < bytes.count, count < RowOrder.mostRowsOfStep, bytes[next] &>> 3 == code {
          count &+= Int(bytes[next] & 7) &+ 1
          next &+= 1
        }
      }
      return Step(input: Int(code & 7), kind: kind, count: count)
    }
  }
}

extension [UInt8] {
  fileprivate var withCapacityOfItsCount: [UInt8] {
    var copy: [UInt8] = []
    copy.reserveCapacity(count)
    copy.append(contentsOf: self)
    return copy
  }
}
