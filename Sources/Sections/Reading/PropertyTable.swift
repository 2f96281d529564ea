package import Batches
package import Columns
package import Compression
import Synchronization

/// The objects of one table, for reading: the `props` of all rows with one head, or the distinct `ctx`
/// of a section. Which values an object has is told by its shape; where they stand is counted.
package final class PropertyTable: Sendable {
  package struct Column: Sendable {
    package let field: UInt32
    package let kind: FieldKind
    package let places: TextPlaces
  }

  package let count: Int
  /// The section's shape of each code.
  package let shapes: [UInt32]
  package let columns: [Column]
  /// For each code the columns of its valued fields, in their order.
  package let columnsOfShape: [[Int]]
  /// For each pair of a code and a column whether objects of that shape have a value there.
  private let has: [Bool]
  /// How many objects before each block of 1,024 have a value, block by block, column by column.
  private let before: [UInt32]
  private let source: any ExtentSource
  private let places: TablePlaces
  private let lexicons = Mutex<[Int: TextLexicon]>([:])
  /// By code of a shape, once one of its objects was met.
  private let plans: Mutex<[ObjectPlan?]>
  /// The columns of all shapes, behind each other, and where those of each begin; the last is the end.
  let members: [Int]
  let firstMembers: [Int]

  init(
    _ places: TablePlaces, count: Int, in directory: SectionDirectory, of source: any ExtentSource
  ) throws(SectionProblem) {
    self.places = places
    self.source = source
    self.count = count
    shapes = places.shapes
    columns = places.columns.map {
      Column(field: $0.field, kind: directory.fields[Int($0.field)].kind, places: $0.values)
    }
    var columnOfField: [UInt32: Int] = [:]
    for (index, column) in columns.enumerated() { columnOfField[column.field] = index }
    var columnsOfShape: [[Int]] = []
    for shape in shapes {
      var list: [Int] = []
      for field in directory.shapes[Int(shape)]
      where directory.fields[Int(field)].kind.hasValues {
        guard let column = columnOfField[field] else { throw .column("a field without a column") }
        list.append(column)
      }
      columnsOfShape.append(list)
    }
    self.columnsOfShape = columnsOfShape
    members = columnsOfShape.flatMap(\.self)
    firstMembers = columnsOfShape.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    plans = Mutex(Array(repeating: nil, count: shapes.count))
    var has = [Bool](repeating: false, count: shapes.count * columns.count)
    for (code, list) in columnsOfShape.enumerated() {
      for column in list { has[code * columns.count + column] = true }
    }
    self.has = has
    before = try Self.ranks(places, count: count, columnsOfShape, columns: columns.count, source)
  }

  private static func ranks(
    _ places: TablePlaces, count: Int, _ columnsOfShape: [[Int]], columns: Int,
    _ source: any ExtentSource
  ) throws(SectionProblem) -> [UInt32] {
    var codes = try CodeCursor(places.shapeCodes, of: source)
    guard codes.count == count, codes.limit == places.shapes.count else {
      throw .column("shape codes")
    }
    var before: [UInt32] = []
    before.reserveCapacity(codes.blockCount * columns)
    var totals = [UInt32](repeating: 0, count: columns)
    var uses = [UInt32](repeating: 0, count: places.shapes.count)
    for block in 0..<codes.blockCount {
      before += totals
      for index in 0..<(try codes.load(block)) { uses[Int(codes.values[index])] += 1 }
      for shape in uses.indices where uses[shape] > 0 {
        for column in columnsOfShape[shape] { totals[column] += uses[shape] }
        uses[shape] = 0
      }
    }
    return before
  }

  @inline(__always)
  package func hasColumn(_ column: Int, _ code: Int) -> Bool {
    has[code &* columns.count &+ column]
  }

  package func shapeCodes() throws(SectionProblem) -> CodeCursor {
    try CodeCursor(places.shapeCodes, of: source)
  }

  /// How the objects of a shape are written, by its code.
  func plan(
    ofCode code: Int, in directory: SectionDirectory
  ) throws(SectionProblem) -> ObjectPlan {
    if let known = plans.withLock({ $0[code] }) { return known }
    let plan = try ObjectPlan(
      directory.shapes[Int(shapes[code])], columns: columnsOfShape[code], in: directory)
    plans.withLock { $0[code] = plan }
    return plan
  }

  /// How many objects before this block have a value in this column.
  @inline(__always)
  package func rank(ofBlock block: Int, column: Int) -> Int {
    Int(before[block &* columns.count &+ column])
  }

  /// The dictionary of a column, if it has one: loaded once, and kept.
  package func lexicon(
    ofColumn column: Int, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> TextLexicon? {
    if let known = lexicons.withLock({ $0[column] }) { return known }
    guard let lexicon = try columns[column].places.loadLexicon(of: source, decompressor) else {
      return nil
    }
    lexicons.withLock { $0[column] = lexicon }
    return lexicon
  }

  package func cursor(
    ofColumn column: Int, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> ValueCursor {
    let place = columns[column].places
    switch columns[column].kind {
    case .bool: return .bools(try BoolCursor(place.values, of: source))
    case .integer: return .integers(try IntegerCursor(place.values, of: source))
    case .double: return .doubles(try DoubleCursor(place.values, of: source))
    case .string, .array:
      let lexicon = try lexicon(ofColumn: column, decompressor)
      return .texts(try TextCursor(place, lexicon: lexicon, of: source, decompressor))
    case .null, .object: throw .column("a field without values has a column")
    }
  }
}

/// A column of any kind, read value by value.
package enum ValueCursor {
  case bools(BoolCursor)
  case integers(IntegerCursor)
  case doubles(DoubleCursor)
  case texts(TextCursor)
}
