import Query
private import Synchronization

/// Reads one part of visits from their texts, each different text once as far as there is room.
final class VisitTexts: Sendable {
  /// So many texts are kept; about as many user agents as a large site sees in a day.
  static let maximumCount = 1 << 15
  /// Longer ones are read each time.
  private static let longest = 512

  private let part: VisitPart
  private let known = Mutex<[[UInt8]: [UInt8]?]>([:])

  init(_ part: VisitPart) { self.part = part }

  /// The part's UTF-8; nil where the text says nothing.
  func text(from source: Span<UInt8>) -> [UInt8]? {
    guard source.count <= Self.longest else { return read(source) }
    var key: [UInt8] = []
    key.reserveCapacity(source.count)
    for index in source.indices { key.append(source[index]) }
    if let known = known.withLock({ $0[key] }) { return known }
    let read = read(source)
    known.withLock { known in
      if known.count < Self.maximumCount { known[key] = .some(read) }
    }
    return read
  }

  private func read(_ source: Span<UInt8>) -> [UInt8]? {
    part.text(from: source).map { Array($0.utf8) }
  }
}

extension ValueTest {
  /// What this test says of what a text tells of a visit, as a test of that text: what is no text tells
  /// nothing.
  func ofVisit(_ part: VisitPart) -> ValueTest {
    ValueTest(
      absent: absent, other: absent, ofFalse: absent, ofTrue: absent,
      numbers: absent ? .all : .none,
      texts: .visit(VisitTexts(part), texts, absent: absent))
  }
}
