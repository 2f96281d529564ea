import Events
import Platform

/// The numbers of one project: where its events stand, and which numbers come next.
///
/// Every event has a *position*, which runs from 1 for as long as the spool's file lives and is never
/// used again. On the wire it has a *sequence*, which runs from 1 in each epoch. Positions below the
/// cursor have been sealed (or belong to a stretch that waits to be sealed again); from the cursor on
/// nothing has been sealed yet, and there `sequence = position - offset`.
struct ProjectLedger: Equatable, Sendable {
  /// The number of a project is the upper part of its chunks' row ids, the position the lower.
  static let positionBits: Int64 = 48
  static let maximumNumber: Int64 = 32_000

  let number: Int64
  let project: ProjectID

  // Kept in the project's row, in the transaction of whatever changes them.
  /// The position of the next event to come.
  var next: Int64 = 1
  var cursor: Int64 = 1
  var offset: Int64 = 0
  var nextBatch: Int64 = 1
  /// What the aggregator said it has without a hole, as a sequence of this epoch.
  var durableThrough: Int64 = 0
  /// Events and their bytes that are still here, acknowledged ones excluded.
  var events: Int64 = 0
  var bytes: Int64 = 0
  /// The number of the last commit that changed this row.
  var commit: Int64 = 0

  // Counted at start and kept in memory: how much waits below the cursor.
  var openStretches = 0
  var openGaps = 0

  init(number: Int64, project: ProjectID) {
    self.number = number
    self.project = project
  }

  func id(of position: Int64) -> Int64 { number << Self.positionBits | position }
  static func position(ofRow id: Int64) -> Int64 { id & (1 << positionBits - 1) }
  static func number(ofRow id: Int64) -> Int64 { id >> positionBits }

  var unsealedEvents: Int64 { next - cursor }
  /// The sequence that the next event to come will have.
  var nextSequence: Int64 { max(1, next - offset) }
  var hasWork: Bool { unsealedEvents > 0 || openStretches > 0 || openGaps > 0 }

  mutating func append(events count: Int, bytes size: Int) {
    next += Int64(count)
    events += Int64(count)
    bytes += Int64(size)
    precondition(next < 1 << Self.positionBits, "positions are used up")
  }

  mutating func remove(events count: Int64, bytes size: Int64) {
    events = max(0, events - count)
    bytes = max(0, bytes - size)
  }

  /// What the row's check covers: all of it.
  var checksum: Int64 {
    var writer = ByteWriter(capacity: 100)
    for value in [number, next, cursor, offset, nextBatch, durableThrough, events, bytes, commit] {
      writer.append(littleEndian: value)
    }
    writer.append(text: project.text)
    return Int64(crc32c(writer.bytes.span))
  }

  /// Numbers that contradict each other were not written by us.
  var isConsistent: Bool {
    number > 0 && number <= Self.maximumNumber && cursor >= 1 && cursor <= next
      && offset < next && nextBatch >= 1 && events >= 0 && bytes >= 0
  }
}
