/// Records back to back, with the end of each.
package struct EventBlock: Equatable, Sendable {
  package private(set) var records: [UInt8]
  package private(set) var ends: [Int]

  package init() {
    records = []
    ends = []
  }

  /// Ends ascend, and the last one is the end of the bytes.
  package init(records: [UInt8], ends: [Int]) {
    precondition(ends.last ?? 0 == records.count, "the last record ends where the bytes end")
    self.records = records
    self.ends = ends
  }

  package var count: Int { ends.count }
  package var isEmpty: Bool { ends.isEmpty }

  /// The place of one record.
  package func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  mutating func append(_ record: Span<UInt8>) {
    unsafe record.withUnsafeBytes { unsafe records.append(contentsOf: $0) }  // SAFETY: copied.
    ends.append(records.count)
  }

  /// Forgets the records behind the first `count`.
  mutating func truncate(to count: Int) {
    ends.removeSubrange(count...)
    records.removeSubrange((ends.last ?? 0)...)
  }
}
