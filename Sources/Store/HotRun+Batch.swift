import Batches
import Events

/// The project's codes for the texts of one batch, by the batch's own entries.
struct HotCodes {
  let names: [UInt32]
  let profiles: [UInt32]
  let devices: [UInt32]
  let visitors: [UInt32]
}

extension HotRun {
  /// The rows of a batch that count.
  convenience init(
    _ core: BatchCore, _ codes: HotCodes, batch: Int64, except dropped: RowSet, shift: Int64
  ) {
    var rows = Builder(capacity: core.rowCount - dropped.count)
    for row in 0..<core.rowCount where !dropped.contains(row) {
      let head = core.head(of: row)
      let cts = EventRecord.time(core.cts[row], head.flags, clockShift: shift)
      rows.append(
        core.ids[row], cts: cts, name: codes.names[Int(core.nameCodes[row])],
        person: codes.person(of: row, in: core), kind: head.kind.rawValue,
        place: HotPlace(batch: batch, row: row))
    }
    self.init(rows)
  }

  /// All rows of these runs.
  convenience init(merging runs: [HotRun]) {
    var rows = Builder(capacity: runs.reduce(0) { $0 + $1.count })
    for run in runs { rows.append(run) }
    self.init(rows)
  }
}

extension HotCodes {
  fileprivate func person(of row: Int, in core: BatchCore) -> UInt32 {
    Self.code(core.profiles, profiles, row) ?? Self.code(core.devices, devices, row)
      ?? Self.code(core.visitors, visitors, row) ?? 0
  }

  private static func code(
    _ column: BatchCore.IdentityColumn, _ codes: [UInt32], _ row: Int
  ) -> UInt32? {
    let entry = column.entries[row]
    if entry == BatchCore.IdentityColumn.nobody { return nil }
    return codes[Int(entry) - column.dictionary.lowerBound]
  }
}
