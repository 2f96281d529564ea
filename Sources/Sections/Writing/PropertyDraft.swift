/// Objects of one kind as columns while they are gathered: the `props` of all rows with one head, or the
/// distinct `ctx` of a section. Each object has a shape; each field has the values of the objects whose
/// shape has it, and nothing for the others.
struct PropertyDraft {
  struct Column {
    let field: UInt32
    var values: [UInt64] = []
  }

  /// The table's own code of each object's shape.
  private(set) var shapeCodes: [UInt32] = []
  /// The registry's number of each code.
  private(set) var shapes: [UInt32] = []
  private(set) var columns: [Column] = []
  private var codeOfShape: [UInt32: UInt32] = [:]
  private var columnOfField: [UInt32: Int] = [:]
  /// For each code the columns of its valued fields, in their order.
  private var targets: [[Int]] = []

  var count: Int { shapeCodes.count }

  /// The table's code for a shape of the registry.
  mutating func code(of shape: UInt32, in registry: FieldRegistry) -> UInt32 {
    if let code = codeOfShape[shape] { return code }
    let code = UInt32(shapes.count)
    codeOfShape[shape] = code
    shapes.append(shape)
    targets.append(
      registry.valued[Int(shape)].map { field in
        if let column = columnOfField[field] { return column }
        columnOfField[field] = columns.count
        columns.append(Column(field: field))
        return columns.count - 1
      })
    return code
  }

  /// Adds an object: the values of its shape's fields, in their order.
  mutating func append(_ code: UInt32, values: Span<UInt64>) {
    shapeCodes.append(code)
    var index = 0
    while index < values.count {
      columns[targets[Int(code)][index]].values.append(values[index])
      index &+= 1
    }
  }
}
