package import Columns
package import Events

/// The columns of a batch that say which events it holds and whose they are: what deduplication, the
/// mirror in memory and a restart need. Everything else of the body is left unread, and unchecked.
package struct BatchCore: Sendable {
  package let rowCount: Int
  /// The bytes of the event records that the batch stands for.
  package let recordBytes: Int

  package let ids: [EventID]
  package let cts: [Int64]
  package let sts: [Int64]
  /// The client's time as it was sent, for the rows where it differs from `cts`.
  package let raw: RowTimes

  /// The name of each row, as an entry of `texts`; its names stand first there.
  package let nameCodes: [UInt32]
  package let nameCount: Int
  package var names: [String] { (0..<nameCount).map(texts.string) }

  package let headCodes: [UInt32]
  package let heads: [Head]

  package let profiles: IdentityColumn
  package let devices: IdentityColumn
  package let visitors: IdentityColumn

  /// Every text that was decoded. Entries of one column are distinct, unless the sender erred.
  package internal(set) var texts: TextArena

  /// What sort of event a row is.
  package struct Head: Hashable, Sendable {
    package let kind: EventKind
    package let flags: EventRecord.Flags
  }

  /// Whom the rows name, if they name somebody.
  package struct IdentityColumn: Sendable {
    /// The entry of `texts` for each row, `nobody` where it names nobody.
    package let entries: [UInt32]
    /// The column's distinct texts.
    package let dictionary: Range<Int>
    package static let nobody = UInt32.max
  }

  /// Times of some of the rows.
  package struct RowTimes: Sendable {
    package let rows: [UInt32]
    package let times: [Int64]

    package subscript(row: Int) -> Int64? {
      var low = 0
      var high = rows.count
      while low < high {
        let middle = (low + high) / 2
        if rows[middle] < UInt32(row) { low = middle + 1 } else { high = middle }
      }
      return low < rows.count && rows[low] == UInt32(row) ? times[low] : nil
    }
  }

  package func head(of row: Int) -> Head { heads[Int(headCodes[row])] }
  package func name(of row: Int) -> String { texts.string(Int(nameCodes[row])) }

  /// Decodes the core of a body and leaves the rest unread.
  package init(decoding body: [UInt8], limits: BatchLimits = .standard) throws(BatchProblem) {
    var decoder = try BodyDecoder(body.span, limits: limits)
    do {
      self = try decoder.core(body.span)
    } catch { throw BatchProblem(error) }
  }

  init(
    rowCount: Int, recordBytes: Int, ids: [EventID], cts: [Int64], sts: [Int64], raw: RowTimes,
    nameCodes: [UInt32], nameCount: Int, headCodes: [UInt32], heads: [Head],
    people: [IdentityColumn], texts: TextArena
  ) {
    self.rowCount = rowCount
    self.recordBytes = recordBytes
    self.ids = ids
    self.cts = cts
    self.sts = sts
    self.raw = raw
    self.nameCodes = nameCodes
    self.nameCount = nameCount
    self.headCodes = headCodes
    self.heads = heads
    profiles = people[0]
    devices = people[1]
    visitors = people[2]
    self.texts = texts
  }
}
