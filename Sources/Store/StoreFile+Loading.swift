import Batches
import Events
import SQLite

extension StoreFile {
  /// Reads every hot batch as it was committed: the same rows count as then.
  func load(into hot: HotTier) throws(StoreError) {
    let batches = StoredBatchReader()
    var damage: StoreError?
    do throws(SQLiteError) {
      try database.withStatement(
        """
        SELECT number, project, shift, rows, duplicates, rejected, bytes FROM hot_batch
        ORDER BY number
        """
      ) { statement throws(SQLiteError) in
        while try statement.step() {
          let number = statement.int64(0)
          do throws(BatchProblem) {
            let core = try batches.core(of: statement.blob(6))
            guard let project = try? ProjectID(statement.text(1)), core.rowCount == statement.int(3)
            else {
              damage = .damaged("batch \(number): it is not what its row says")
              return
            }
            var dropped = RowSet(stored: statement.blob(4), rows: core.rowCount)
            let rejected = RowSet(stored: statement.blob(5), rows: core.rowCount)
            for row in 0..<core.rowCount where rejected.contains(row) { dropped.insert(row) }
            hot.restore(
              core, of: project, number: number, except: dropped, shift: statement.int64(2))
          } catch {
            damage = .damaged("batch \(number): \(error.code)")
            return
          }
        }
      }
    } catch { throw .failed("\(error)") }
    if let damage { throw damage }
  }
}
