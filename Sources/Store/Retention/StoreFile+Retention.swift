import Events
import SQLite

// Since when the events of each project are kept.
extension StoreFile {
  func retention() throws(SQLiteError) -> [ProjectID: Int64] {
    try database.withStatement("SELECT project, watermark FROM retention") {
      statement throws(SQLiteError) in
      var watermarks: [ProjectID: Int64] = [:]
      while try statement.step() {
        // What is no id was not written by us.
        guard let project = try? ProjectID(statement.text(0)) else { continue }
        watermarks[project] = statement.int64(1)
      }
      return watermarks
    }
  }

  func raise(_ watermark: Int64, of project: ProjectID) throws(SQLiteError) {
    try database.withStatement(
      """
      INSERT INTO retention VALUES (?, ?)
      ON CONFLICT (project) DO UPDATE SET watermark = max(watermark, excluded.watermark)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, project.text)
      statement.bind(2, watermark)
      try statement.run()
    }
  }
}
