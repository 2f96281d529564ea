import Columns

// Columns beside the rows: ids that rows name, and the values of objects.
extension SectionCheck {
  /// The ids of profiles, devices, visitors and sessions: a text for each change, and every text there.
  func checkIdentities() throws(SectionProblem) {
    for identity in Identity.allCases {
      let changes = try section.changes(of: identity)
      var texts = try section.texts(of: identity, decompressor)
      guard try checkChanges(changes) == section.rowCount, texts.count == changes.changeCount else {
        throw .column("changes of an id")
      }
      try readTexts(&texts)
    }
  }

  /// Reads all changes of a column, and says over how many rows they go.
  func checkChanges(_ changes: ChangeCursor) throws(SectionProblem) -> Int {
    var changes = changes
    var seen = 0
    for block in 0..<((changes.rowCount + Lanes.blockCount - 1) / Lanes.blockCount) {
      try changes.load(block)
      // A block begins with a change, or goes on with the value of the block before.
      let first = changes.runs.first
      guard first == seen || first == seen - 1 else { throw .column("changes of block \(block)") }
      seen = first + changes.runs.starts.count
    }
    guard seen == changes.changeCount else { throw .column("changes: count") }
    return changes.rowCount
  }

  /// As many values in each column as objects have a shape with it, and every value there.
  func checkTable(_ table: PropertyTable) throws(SectionProblem) {
    var counts = [Int](repeating: 0, count: table.columns.count)
    var codes = try table.shapeCodes()
    for block in 0..<codes.blockCount {
      let count = try codes.load(block)
      for index in 0..<count {
        for column in table.columnsOfShape[Int(codes.values[index])] { counts[column] += 1 }
      }
    }
    for column in table.columns.indices {
      guard try readValues(of: column, in: table) == counts[column] else {
        throw .column("values of a property: count")
      }
    }
  }

  private func readValues(of column: Int, in table: PropertyTable) throws(SectionProblem) -> Int {
    switch try table.cursor(ofColumn: column, decompressor) {
    case .bools(var cursor):
      for block in 0..<Self.blocks(cursor.count) { try cursor.load(block) }
      return cursor.count
    case .integers(var cursor):
      for block in 0..<Self.blocks(cursor.count) { try cursor.load(block) }
      return cursor.count
    case .doubles(var cursor):
      for block in 0..<Self.blocks(cursor.count) { try cursor.load(block) }
      return cursor.count
    case .texts(var cursor):
      try readTexts(&cursor)
      return cursor.count
    }
  }

  private func readTexts(_ texts: inout TextCursor) throws(SectionProblem) {
    for block in 0..<Self.blocks(texts.count) { try texts.load(block) }
  }

  private static func blocks(_ count: Int) -> Int {
    (count + Lanes.blockCount - 1) / Lanes.blockCount
  }
}
