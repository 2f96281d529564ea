/// What a pattern says, whatever language it was written in.
indirect enum Expression: Equatable, Sendable {
  /// One scalar of these.
  case scalar(ScalarSet)
  /// Any bytes, also none: the star of a glob.
  case anything
  /// One after the other; of none, the empty text.
  case sequence([Expression])
  case choice([Expression])
  case repetition(Expression, atLeast: Int, atMost: Int?)
  case assertion(Assertion)
}

/// What holds at a place between two bytes.
enum Assertion: UInt8, Sendable {
  case start, end
  /// A word character (`A-Z`, `a-z`, `0-9`, `_`) on one side only.
  case wordBoundary, noWordBoundary
}

extension Expression {
  /// Whether it can begin nowhere but at the start of a text.
  var beginsAtStart: Bool {
    switch self {
    case .scalar, .anything: false
    case .assertion(let assertion): assertion == .start
    case .sequence(let parts): parts.first?.beginsAtStart ?? false
    case .choice(let parts): parts.allSatisfy(\.beginsAtStart)
    case .repetition(let part, let atLeast, _): atLeast > 0 && part.beginsAtStart
    }
  }

  /// The bytes, if it stands for one text only.
  var literal: [UInt8]? {
    switch self {
    case .scalar(let set):
      guard let value = set.single, let scalar = Unicode.Scalar(value) else { return nil }
      return Array(Unicode.UTF8.encode(scalar)!)
    case .sequence(let parts):
      var bytes: [UInt8] = []
      for part in parts {
        guard let more = part.literal else { return nil }
        bytes += more
      }
      return bytes
    case .anything, .choice, .repetition, .assertion: return nil
    }
  }
}
