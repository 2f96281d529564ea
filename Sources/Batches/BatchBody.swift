import Columns

// The body of a batch, before compression. `Docs/formats/batch.md` has the same in full.
//
//   0  rows u32, 1 to 65,535
//   4  records u32: bytes of the event records that the body stands for, back to back
//   8  dense u32: bytes of the first region
//  12  codes u32: bytes of the second region; the third, texts, is the rest
//  16  the three regions (`ColumnWriter` says what they are)
//
// Columns in the order in which they take their bytes from each region:
//
//   core      names, heads (kind and flags), sts, cts, raw times, id times, id chance,
//             profile, device, visitor
//   rest      session, fields, shapes of props, shapes of ctx, then the column of each field
//
// All numbers are checked when read. What decodes gives back the very bytes of the records.

/// The columns of a batch as bytes, and what sealing needs to know about them.
package struct BatchBody: Equatable, Sendable {
  package var bytes: [UInt8]
  package var rows: Int
  /// Where the compressor should begin a new block. The reader never sees this.
  package var cuts: [Int]

  static let prologueBytes = 16

  /// The body of these records, each ending where `ends` says. For one batch; whoever makes many
  /// keeps a `BatchEncoder`.
  package static func encode(
    records: [UInt8], ends: [Int]
  ) throws(BatchProblem) -> BatchBody {
    var encoder = BatchEncoder()
    return try encoder.encode(records: records.span, ends: ends.span)
  }

  init(_ writer: ColumnWriter, rows: Int, recordBytes: Int) {
    self.rows = rows
    bytes = []
    bytes.reserveCapacity(
      Self.prologueBytes + writer.dense.count + writer.codes.count + writer.texts.count)
    for number in [rows, recordBytes, writer.dense.count, writer.codes.count] {
      let number = UInt32(number)
      for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> shift))
      }
    }
    bytes.append(contentsOf: writer.dense)
    bytes.append(contentsOf: writer.codes)
    let textStart = bytes.count
    bytes.append(contentsOf: writer.texts)
    let inner =
      [textStart - writer.codes.count, textStart] + writer.textCuts.map { textStart + $0 }
    cuts = []
    for cut in inner where cut > cuts.last ?? 0 && cut < bytes.count { cuts.append(cut) }
  }
}

/// Which earlier column a time is told by: the difference is what is written.
enum TimeBase: UInt8 {
  /// The same column's row before.
  case previous = 0
  case cts = 1
  case sts = 2
  /// The client's time as sent, where it differs from `cts`, else `cts`.
  case raw = 3
}
