package import JSON
package import Query

/// `{"starts": […], "rows": [{"group", "columns": [{"total", "pieces": […]}]}], "earlier": {…}}`:
/// columns stand in the order of the series and, behind them, of the formulas.
extension SeriesQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    current.write(to: &json, surroundings)
    if let earlier {
      json.key("earlier")
      json.beginObject()
      earlier.write(to: &json, surroundings)
      json.endObject()
    }
  }
}

extension SeriesTable {
  fileprivate func write(to json: inout JSONWriter, _ surroundings: AnswerSurroundings) {
    json.times("starts", starts, in: surroundings.zone)
    json.list("rows", rows) { row, json in
      json.beginObject()
      json.group(row.group)
      json.list("columns", row.columns) { column, json in
        json.beginObject()
        json.member("total", column.total)
        json.values("pieces", column.pieces)
        json.endObject()
      }
      json.endObject()
    }
  }
}
