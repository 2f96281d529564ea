import Events
import SQLite

/// Carries over what can still be read of a database that is damaged: table by table, and the hot
/// batches in ever smaller stretches around what cannot be read.
struct StoreSalvage {
  private let target: Database
  private(set) var rows = 0
  /// What could not be carried over, in words.
  private(set) var lost: [String] = []

  /// With each what its loss means.
  private static let tables: [(name: String, loss: String)] = [
    ("unreadable_batch", "stored batches that were set aside are judged anew"),
    ("damaged_section", "sections that were set aside are judged anew"),
    ("missed_pack", "packs that were missing and come back may count events twice"),
    ("project_secret", "the secrets of projects are those of their packs"),
    ("retention", "since when events are kept is as the projects say now"),
    ("alias", "who is whom is read from the events that are left"),
    ("receipt", "batches that are sent again are recognised by their events' ids"),
    ("watermark", "collectors send again what they still have"),
    ("gap", "ranges that collectors reported as lost are forgotten"),
    ("conflict", "samples of conflicts are gone"),
    ("conflict_count", "counts of conflicts begin anew"),
    ("dead_letter", "dead letters are gone"),
    ("dead_letter_total", "totals of dead letters begin anew"),
    ("erasure", "people who were erased and are still in packs have to be erased again"),
    ("erased_id", "events of erased people that come again are taken"),
    ("forked_epoch", "epochs that two collectors had are forgotten"),
  ]
  private static let mostFailures = 4_096

  /// `path` is the damaged database; it is read, and left as it is.
  init(of path: String, into target: Database) {
    self.target = target
    let quoted = path.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "''")
    do throws(SQLiteError) {
      try target.execute(script: "ATTACH '\(quoted)' AS damaged")
    } catch {
      lost.append("nothing of the old database can be read: \(error.message)")
      return
    }
    copyTables()
    copyBatches()
    // A transaction that failed may still hold it; closing lets go of it in any case.
    try? target.execute(script: "DETACH damaged")
  }

  private mutating func copyTables() {
    for table in Self.tables {
      do throws(SQLiteError) { rows += try copy(table.name) } catch {
        lost.append("table \(table.name) (\(error.message)): \(table.loss)")
      }
    }
  }

  private func copy(_ table: String, where condition: String = "1") throws(SQLiteError) -> Int {
    try target.execute(
      script:
        "INSERT OR IGNORE INTO main.\(table) SELECT * FROM damaged.\(table) WHERE \(condition)")
    return target.changes
  }

  private mutating func copyBatches() {
    var open: [ClosedRange<Int64>] = [1...(1 << 40)]
    var failures = 0
    var batches: [String] = []
    while let range = open.popLast() {
      do throws(SQLiteError) {
        rows += try copy(
          "hot_batch", where: "number BETWEEN \(range.lowerBound) AND \(range.upperBound)")
      } catch {
        failures += 1
        guard error.isCorrupt, failures < Self.mostFailures else {
          return lost.append("stored batches (\(error.message)): their events are in no answer")
        }
        if range.count == 1 {
          batches.append("\(range.lowerBound)")
        } else {
          let middle = range.lowerBound + (range.upperBound - range.lowerBound) / 2
          open += [(middle + 1)...range.upperBound, range.lowerBound...middle]
        }
      }
    }
    if batches.isEmpty { return }
    let more = batches.count > 20 ? ", …" : ""
    lost.append(
      "stored batches \(batches.prefix(20).joined(separator: ", "))\(more): their events are in "
        + "no answer")
  }
}
