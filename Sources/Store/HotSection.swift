import Sections

/// A committed batch whose rows are in no section yet.
struct WaitingBatch: Sendable {
  let number: Int64
  let rows: Int
  let dropped: RowSet
  /// By the wall clock, in milliseconds.
  let received: Int64

  var count: Int { rows - dropped.count }
}

/// Hot events as a section in memory, and the batches that they came in.
final class HotSection: Sendable {
  /// So many rows are laid out before anybody asks.
  static let layOutRows = 1 << 14
  /// So many rows at most are laid out together: what they take meanwhile is bounded, about 70 MB.
  static let partRows = 1 << 17
  /// So many rows of one project are worth a pack of their own: a part, or most of one.
  static let packRows = partRows * 3 / 4

  let section: Section
  let encoded: EncodedSection
  /// The first and the last of them; between these there may be others.
  let batches: ClosedRange<Int64>
  let visible = VisibleSection()

  init(_ encoded: EncodedSection, batches: ClosedRange<Int64>) throws(SectionProblem) {
    self.encoded = encoded
    section = try Section(encoded)
    self.batches = batches
  }

  var rows: Int { section.rowCount }
}

/// Sections that can leave memory together: no other one has rows of their batches, nor of earlier ones.
struct SealableSections: Sendable {
  let sections: [HotSection]
  let lastBatch: Int64
  var rows: Int { sections.reduce(0) { $0 + $1.rows } }

  /// The earliest of these sections that have so many rows together, or all; nil if there are none.
  init?(_ sections: [HotSection], rows: Int = .max) {
    let ordered = sections.sorted { $0.batches.upperBound < $1.batches.upperBound }
    let count = Self.cut(ordered.map { ($0.batches, $0.rows) }, rows: rows)
    guard let last = ordered[..<count].last else { return nil }
    self.sections = Array(ordered[..<count])
    lastBatch = last.batches.upperBound
  }

  /// How many sections, in the order of their last batches, come before a place that no batch lies
  /// across, and have so many rows; all of them if there is no such place.
  static func cut(_ sections: [(batches: ClosedRange<Int64>, rows: Int)], rows: Int) -> Int {
    var count = sections.count
    var rowsBefore = sections.reduce(0) { $0 + $1.rows }
    var firstBehind = Int64.max
    for (index, section) in sections.enumerated().reversed() {
      if rowsBefore < rows { break }
      if section.batches.upperBound < firstBehind { count = index + 1 }
      rowsBefore -= section.rows
      firstBehind = min(firstBehind, section.batches.lowerBound)
    }
    return count
  }
}
