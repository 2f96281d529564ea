/// A machine over bytes that may be in several states at once (Thompson's). It accepts as soon as
/// `Node.match` is reached.
struct Automaton: Sendable {
  /// More would make a step slow and its sets large; `.{0,500}` fits.
  static let mostNodes = 4_096

  struct Arrow: Hashable, Sendable {
    let first: UInt8
    let last: UInt8
    let target: UInt16
  }

  enum Node: Sendable {
    /// To the target of the first arrow that has the next byte.
    case bytes(firstArrow: UInt32, count: UInt32)
    case split(UInt16, UInt16)
    case assertion(Assertion, UInt16)
    case match
  }

  var nodes: [Node] = []
  var arrows: [Arrow] = []
  var start: UInt16 = 0
  /// Otherwise a match may begin before every byte that is none of UTF-8's continuations, and at the
  /// end.
  var beginsAtStart = false

  func arrowTarget(from firstArrow: UInt32, _ count: UInt32, on byte: UInt8) -> UInt16? {
    for index in Int(firstArrow)..<Int(firstArrow + count) {
      let arrow = arrows[index]
      if byte < arrow.first { return nil }
      if byte <= arrow.last { return arrow.target }
    }
    return nil
  }

  var usesWordBoundaries: Bool {
    nodes.contains {
      if case .assertion(.wordBoundary, _) = $0 { return true }
      if case .assertion(.noWordBoundary, _) = $0 { return true }
      return false
    }
  }

  var usesStart: Bool {
    nodes.contains {
      if case .assertion(.start, _) = $0 { return true }
      return false
    }
  }
}

/// Bytes that no arrow tells apart are one class, so that tables stay narrow.
struct ByteClasses: Sendable {
  /// The class of each byte.
  let ofByte: [UInt8]
  /// A byte of each class.
  let examples: [UInt8]

  init(of automaton: Automaton) {
    var begins = [Bool](repeating: false, count: 257)
    func cut(_ first: UInt8, _ last: UInt8) {
      begins[Int(first)] = true
      begins[Int(last) + 1] = true
    }
    for arrow in automaton.arrows { cut(arrow.first, arrow.last) }
    cut(0x80, 0xBF)
    if automaton.usesWordBoundaries {
      for range in ScalarSet.wordCharacters.ranges {
        cut(UInt8(range.lowerBound), UInt8(range.upperBound))
      }
    }
    begins[0] = true
    var classes: [UInt8] = []
    var examples: [UInt8] = []
    for byte in 0..<256 {
      if begins[byte] { examples.append(UInt8(byte)) }
      classes.append(UInt8(examples.count - 1))
    }
    ofByte = classes
    self.examples = examples
  }

  var count: Int { examples.count }
}
