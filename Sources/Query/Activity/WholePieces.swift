extension Rule {
  package static let wholePieces = Rule("pieces", "whole: the range is widened to their ends")
}

extension Scope {
  /// For questions that tell pieces apart.
  func checkPieces(by interval: Interval) throws(QueryError) {
    if interval == .total {
      throw .invalid(.contradiction("activity over time needs pieces of time"))
    }
    _ = try starts(by: interval)
  }
}
