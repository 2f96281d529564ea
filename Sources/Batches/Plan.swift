import Columns

/// Where the values of each field and of each row are: the index that makes one row readable without
/// reading the others.
struct Plan {
  /// Where each field's values begin, and one more for the end.
  private(set) var starts: [Int]
  /// The row of each value, field after field.
  private(set) var rows: [UInt32]
  /// The values of each row, in the order of its shapes: `BatchColumns.places`.
  private(set) var places: [UInt32]
  private(set) var placeStarts: [UInt32]

  /// `limit` is how many values there can be at most: each takes two bytes of a record or more.
  init(
    _ fields: [Field], _ shapes: Shapes, props: [UInt32], ctx: [UInt32], limit: Int
  ) throws(BodyDecoder.Failure) {
    try Self.checkRoots(fields, shapes, props: props, ctx: ctx)
    var uses = [Int](repeating: 0, count: shapes.count)
    for shape in props { uses[Int(shape)] += 1 }
    for shape in ctx { uses[Int(shape)] += 1 }
    var counts = [Int](repeating: 0, count: fields.count + 1)
    var total = 0
    for shape in uses.indices where uses[shape] > 0 {
      for index in shapes.range(UInt32(shape)) {
        let field = Int(shapes.fields[index])
        guard fields[field].kind.hasValues else { continue }
        counts[field + 1] += uses[shape]
        total += uses[shape]
      }
      guard total <= limit else { throw .columns(.tooLarge) }
    }
    for field in fields.indices { counts[field + 1] += counts[field] }
    starts = counts

    // What of each shape has values.
    var valued = Shapes()
    for shape in 0..<UInt32(shapes.count) {
      for index in shapes.range(shape) where fields[Int(shapes.fields[index])].kind.hasValues {
        valued.fields.append(shapes.fields[index])
      }
      valued.ends.append(valued.fields.count)
    }
    var next = starts
    rows = [UInt32](repeating: 0, count: total)
    places = []
    places.reserveCapacity(total)
    placeStarts = []
    placeStarts.reserveCapacity(props.count + 1)
    for row in props.indices {
      placeStarts.append(UInt32(truncatingIfNeeded: places.count))
      for shape in [props[row], ctx[row]] {
        for index in valued.range(shape) {
          let field = Int(valued.fields[index])
          let place = next[field]
          next[field] = place &+ 1
          rows[place] = UInt32(truncatingIfNeeded: row)
          places.append(UInt32(truncatingIfNeeded: place))
        }
      }
    }
    placeStarts.append(UInt32(truncatingIfNeeded: places.count))
  }

  /// Fields of `props` stand in shapes of `props`, fields of `ctx` in those of `ctx`.
  private static func checkRoots(
    _ fields: [Field], _ shapes: Shapes, props: [UInt32], ctx: [UInt32]
  ) throws(BodyDecoder.Failure) {
    // The empty object has no fields, and so either root.
    let roots = (0..<UInt32(shapes.count)).map { shape -> UInt32? in
      shapes.range(shape).first.map { fields[Int(shapes.fields[$0])].root }
    }
    for shape in props where (roots[Int(shape)] ?? Field.props) != Field.props {
      throw .batch(.badShape(shape))
    }
    for shape in ctx where (roots[Int(shape)] ?? Field.ctx) != Field.ctx {
      throw .batch(.badShape(shape))
    }
  }
}
