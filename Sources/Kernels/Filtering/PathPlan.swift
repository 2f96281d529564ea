import Batches
import Query
import Sections

/// The fields that a section has at one path: at most one of each kind.
struct PathFields: Sendable {
  private(set) var fields: [UInt32] = []

  /// `root` is that of `props` or of `ctx`.
  init(_ root: UInt32, _ keys: [String], in directory: SectionDirectory) {
    var parent = root
    for (place, key) in keys.enumerated() {
      let isLast = place == keys.count - 1
      let found = directory.fields.indices.filter { number in
        let field = directory.fields[number]
        return field.parent == parent && (isLast || field.kind == .object)
          && directory.keys[Int(field.key)].utf8.elementsEqual(key.utf8)
      }
      if isLast {
        fields = found.map { UInt32($0) }
      } else {
        guard let object = found.first else { return }
        parent = UInt32(object) + SectionField.base
      }
    }
  }
}

/// Where a table has what is at one path: which of its columns the objects of each shape have.
struct PathPlan: Sendable {
  /// In the place of a column: no value, or null.
  static let absent: UInt8 = 0
  /// An object.
  static let object: UInt8 = 1
  static let firstColumn: UInt8 = 2

  /// By the table's code of a shape: one of the above, or 2 and the place of a column.
  let slotOfShape: [UInt8]
  /// By slot, from 2: columns of the table.
  let columns: [Int]
  /// The slot of all shapes, where they have one.
  let uniform: UInt8?

  init(_ path: PathFields, in table: PropertyTable, of directory: SectionDirectory) {
    var columns: [Int] = []
    slotOfShape = table.shapes.map { shape in
      guard let field = directory.shapes[Int(shape)].first(where: { path.fields.contains($0) })
      else { return Self.absent }
      switch directory.fields[Int(field)].kind {
      case .null: return Self.absent
      case .object: return Self.object
      default:
        guard let column = table.columns.firstIndex(where: { $0.field == field }) else {
          return Self.absent
        }
        if let known = columns.firstIndex(of: column) { return Self.firstColumn + UInt8(known) }
        columns.append(column)
        return Self.firstColumn + UInt8(columns.count - 1)
      }
    }
    self.columns = columns
    let first = slotOfShape.first ?? Self.absent
    uniform = slotOfShape.allSatisfy { $0 == first } ? first : nil
  }

  /// One column: those objects have a value whose shape has it.
  init(column: Int, in table: PropertyTable) {
    columns = [column]
    slotOfShape = table.shapes.indices.map {
      table.hasColumn(column, $0) ? Self.firstColumn : Self.absent
    }
    let first = slotOfShape.first ?? Self.absent
    uniform = slotOfShape.allSatisfy { $0 == first } ? first : nil
  }

  var isAbsent: Bool { uniform == Self.absent }
}

/// Which values a stretch of a table's objects have at one path: a slot for each object, and where in
/// each column the values of the stretch begin.
struct SlotCursor {
  let plan: PathPlan
  private let table: PropertyTable
  private var shapeCodes: CodeCursor
  let slots = Mask()
  /// By column of the plan: its first value, and how many there are.
  private(set) var first: [Int]
  private(set) var counts: [Int]
  private var next = -1

  init(_ plan: PathPlan, in table: PropertyTable) throws(SectionProblem) {
    self.plan = plan
    self.table = table
    shapeCodes = try table.shapeCodes()
    first = Array(repeating: 0, count: plan.columns.count)
    counts = first
  }

  /// At most 1,024 objects.
  mutating func load(_ objects: Range<Int>) throws(SectionProblem) {
    guard objects.upperBound <= table.count, objects.count <= Section.blockRows else {
      throw .column("objects of a block")
    }
    if let slot = plan.uniform {
      // Every object has its value: they stand in the same order.
      if slot >= PathPlan.firstColumn {
        first[0] = objects.lowerBound
        counts[0] = objects.count
      }
      return
    }
    if objects.lowerBound == next {
      for column in first.indices { first[column] += counts[column] }
    } else {
      try seek(objects.lowerBound)
    }
    for column in counts.indices { counts[column] = 0 }
    try fill(objects)
    next = objects.upperBound
  }

  private mutating func seek(_ object: Int) throws(SectionProblem) {
    guard !table.shapes.isEmpty, object < table.count else {
      for column in first.indices { first[column] = 0 }
      return
    }
    let block = object / Section.blockRows
    for (place, column) in plan.columns.enumerated() {
      first[place] = table.rank(ofBlock: block, column: column)
    }
    for column in counts.indices { counts[column] = 0 }
    try fill(block * Section.blockRows..<object)
    for column in first.indices {
      first[column] += counts[column]
      counts[column] = 0
    }
  }

  /// Slots of these objects from the first place on, and adds up how many each column has.
  private mutating func fill(_ objects: Range<Int>) throws(SectionProblem) {
    var object = objects.lowerBound
    while object < objects.upperBound {
      let block = object / Section.blockRows
      let start = object % Section.blockRows
      let loaded = try shapeCodes.load(block)
      let count = min(loaded - start, objects.upperBound - object)
      guard count > 0 else { throw .column("objects of a block") }
      let codes = shapeCodes.values
      let table = plan.slotOfShape
      Self.look(
        up: table.span, codes.span.extracting(start..<(start + count)),
        at: object - objects.lowerBound, into: slots, &counts)
      object += count
    }
  }

  private static func look(
    up table: Span<UInt8>, _ codes: Span<UInt32>, at offset: Int, into slots: Mask,
    _ counts: inout [Int]
  ) {
    BlockLoops.look(up: table, codes, into: slots, at: offset)
    if counts.count == 1 {
      // SAFETY: the same places as those just written.
      let target = unsafe slots.start + offset
      var count = 0
      var index = 0
      while index < codes.count {
        count &+= Int(unsafe target[index] &>> 1)
        index &+= 1
      }
      counts[0] &+= count
      return
    }
    for index in codes.indices {
      let slot = slots[offset + index]
      if slot >= PathPlan.firstColumn { counts[Int(slot - PathPlan.firstColumn)] &+= 1 }
    }
  }
}
