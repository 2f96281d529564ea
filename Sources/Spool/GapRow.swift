import Platform
import SQLite

/// A row of the table `gap`, with a sum over all that it says: SQLite does not notice a flipped bit,
/// and the aggregator would be told of another loss than there was.
struct GapRow: Equatable, Sendable {
  /// The columns in the order in which a row is read. (Statements are literals, so the list stands in
  /// each of them.)
  ///
  ///     id, project, epoch, sequence, count, reason, at, batch, bytes, check_sum
  var id: Int64 = 0
  /// 0: nobody knows of which project; the first one that appears will tell of it.
  var project: Int64
  var epoch: [UInt8]
  var sequence: Int64
  /// Nil where nobody knows.
  var count: Int64?
  var reason: String
  var at: Int64
  /// The number under which it is sealed, with the bytes that every attempt sends.
  var batch: Int64?
  var bytes: [UInt8] = []
  /// As it was read; nil in rows from before there was one.
  private var readChecksum: Int64?

  init(project: Int64, epoch: Epoch, sequence: Int64, count: Int64?, reason: String, at: Int64) {
    self.project = project
    self.epoch = epoch.bytes
    self.sequence = sequence
    self.count = count
    self.reason = reason
    self.at = at
  }

  init(_ statement: Statement) {
    id = statement.int64(0)
    project = statement.int64(1)
    epoch = statement.blob(2)
    sequence = statement.int64(3)
    count = statement.isNull(4) ? nil : statement.int64(4)
    reason = statement.text(5)
    at = statement.int64(6)
    batch = statement.isNull(7) ? nil : statement.int64(7)
    bytes = statement.blob(8)
    readChecksum = statement.isNull(9) ? nil : statement.int64(9)
  }

  /// Covers everything but the id, which SQLite gives.
  var checksum: Int64 {
    var writer = ByteWriter(capacity: 100)
    for value in [project, sequence, count ?? -1, at, batch ?? -1] {
      writer.append(littleEndian: value)
    }
    writer.append(epoch)
    writer.append(text: reason)
    return Int64(crc32c(bytes.span, continuing: crc32c(writer.bytes.span)))
  }

  /// Nothing has changed since it was written.
  var isSound: Bool { (readChecksum ?? checksum) == checksum && epoch.count == 16 }

  /// What is to be told; nil where the row is not sound.
  var gap: Gap? {
    guard isSound, let epoch = Epoch(bytes: epoch) else { return nil }
    return Gap(
      id: id, epoch: epoch, sequence: sequence, count: count, reason: reason,
      wallMilliseconds: at)
  }
}
