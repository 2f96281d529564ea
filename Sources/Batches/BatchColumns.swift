package import Events

/// A batch decoded and checked to its last byte: every row gives back the record that it was made
/// from. Nothing in here can trap for what a sender wrote.
package struct BatchColumns: Sendable {
  package let core: BatchCore
  package let sessions: BatchCore.IdentityColumn

  package let fields: [Field]
  package let shapes: Shapes
  package let propsShapes: [UInt32]
  package let ctxShapes: [UInt32]
  /// Column after column: the bits of a number, 0 or 1, or an entry of the arena.
  package let values: [UInt64]
  /// For each value of each row, in the order of the row's shapes, where it stands in `values`.
  package let places: [UInt32]
  /// Where each row's part of `places` begins, and one more for the end.
  package let placeStarts: [UInt32]
  /// Where each record would end, if all were written back to back.
  let recordEnds: [Int]

  package var rowCount: Int { core.rowCount }
  package var ids: [EventID] { core.ids }
  package var cts: [Int64] { core.cts }
  package var sts: [Int64] { core.sts }

  package init(decoding body: [UInt8], limits: BatchLimits = .standard) throws(BatchProblem) {
    var decoder = try BodyDecoder(body.span, limits: limits)
    do {
      self = try decoder.columns(body.span)
    } catch { throw BatchProblem(error) }
  }

  init(
    core: BatchCore, sessions: BatchCore.IdentityColumn, fields: [Field], shapes: Shapes,
    propsShapes: [UInt32], ctxShapes: [UInt32], values: [UInt64], places: [UInt32],
    placeStarts: [UInt32], recordEnds: [Int]
  ) {
    self.core = core
    self.sessions = sessions
    self.fields = fields
    self.shapes = shapes
    self.propsShapes = propsShapes
    self.ctxShapes = ctxShapes
    self.values = values
    self.places = places
    self.placeStarts = placeStarts
    self.recordEnds = recordEnds
  }
}

/// Sequences of fields, back to back.
package struct Shapes: Sendable {
  package internal(set) var fields: [UInt32] = []
  var ends: [Int] = []

  package var count: Int { ends.count }

  @inline(__always)
  package func range(_ shape: UInt32) -> Range<Int> {
    (shape == 0 ? 0 : ends[Int(shape) &- 1])..<ends[Int(shape)]
  }
}
