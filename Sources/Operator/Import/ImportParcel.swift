import Events

/// Events of one project on their way to the store, packed as their way wants them.
struct ImportParcel: Sendable {
  let project: ProjectID
  let rows: Int
  let body: [UInt8]
  /// The size of the body before it was compressed; for lines that of the body.
  let plainBytes: Int
  /// Where each event comes from, packed `LinePlace`s.
  let places: [UInt64]
  /// Where each line ends in the body, where it is made of lines.
  let lineEnds: [Int]

  /// The blocks that the events come from, each with the number of them.
  var blocks: [(block: Int, events: Int)] {
    var blocks: [(block: Int, events: Int)] = []
    for packed in places {
      let block = LinePlace(packed: packed).block
      if let last = blocks.indices.last, blocks[last].block == block {
        blocks[last].events += 1
      } else {
        blocks.append((block, 1))
      }
    }
    return blocks
  }

  /// The line of this row, without its end; nil where the body is made of columns.
  func line(_ row: Int) -> [UInt8]? {
    guard lineEnds.indices.contains(row) else { return nil }
    return Array(body[(row == 0 ? 0 : lineEnds[row - 1])..<(lineEnds[row] - 1)])
  }
}

/// A line by its block's number and its place in there, from 0 on.
struct LinePlace: Equatable {
  let block: Int
  let line: Int

  init(block: Int, line: Int) {
    self.block = block
    self.line = line
  }

  init(packed: UInt64) {
    block = Int(packed >> 32)
    line = Int(packed & 0xFFFF_FFFF)
  }

  var packed: UInt64 { UInt64(block) << 32 | UInt64(line) }
}

/// What became of a parcel.
struct ImportReceipt: Equatable, Sendable {
  struct Rejected: Equatable, Sendable {
    let row: Int
    let code: String
    let reason: String
  }

  var accepted: Int
  /// Nil where the other side does not tell: then they are among the accepted.
  var duplicates: Int?
  var rejected: [Rejected]
}

/// How parcels are made: as the columns of a batch for the control socket, or as lines for the
/// routes that clients use.
struct ImportPacking: Equatable, Sendable {
  enum Form: Equatable, Sendable { case columns, lines }
  var form: Form
  var rows: Int
  /// Of records, or of lines.
  var bytes: Int

  /// To pack and unpack a batch of 8,192 events costs a fifth less an event than one of 1,000, and
  /// larger ones hardly less. Of the bytes that an aggregator takes, the largest event is left free.
  static func columns(rows: Int, bytes: Int) -> ImportPacking {
    ImportPacking(
      form: .columns, rows: max(1, min(rows, 8_192)),
      bytes: max(1, bytes - EventLimits.recordBytes - (64 << 10)))
  }

  static let lines = ImportPacking(
    form: .lines, rows: EventLimits.eventsPerRequest, bytes: 4 << 20)
}
