import Columns
import Events

/// Turns event records into the columns of a body. It keeps its tables and buffers from one batch to
/// the next, so a sealer that keeps its encoder allocates little.
///
/// What it does not refuse, `BatchColumns` decodes to the same bytes: texts are checked to be UTF-8,
/// keys to be in order, doubles to be finite, once for each distinct one. Refusing throws
/// `badRecord` with the row, so that the caller can put that row aside.
package struct BatchEncoder: Sendable {
  var writer = ColumnWriter()
  var interner: Interner
  var rows = Rows()
  var fields: [Field] = []
  var tree = ShapeTree()
  /// One for each value of each row, in the order of the rows: the field, and row << 32 | offset.
  var loggedFields: [UInt32] = []
  var loggedValues: [UInt64] = []
  /// Where each record ends.
  var recordEnds: [Int] = []
  private var nameRoots: [Int32] = []
  private var ctxRoot: Int32 = 0

  /// What is the same for every row, column by column.
  struct Rows: Sendable {
    var names: [UInt32] = []
    var nameEntries: [TextPlace] = []
    var heads: [UInt32] = []
    var cts: [Int64] = []
    var sts: [Int64] = []
    var raw: [Int64] = []
    var rawRows: [UInt32] = []
    var idHigh: [UInt64] = []
    var idLow: [UInt64] = []
    /// By `Identity`.
    var people = [IdentityColumn](repeating: IdentityColumn(), count: Identity.allCases.count)
    var propsShapes: [UInt32] = []
    var ctxShapes: [UInt32] = []
  }

  /// The texts that say who it was, in the order in which they are written.
  enum Identity: Int, CaseIterable, Sendable { case profile, device, visitor, session }

  struct IdentityColumn: Sendable {
    var rows: [UInt32] = []
    var codes: [UInt32] = []
    var entries: [TextPlace] = []
  }

  /// Interned texts that belong to no field.
  enum Space {
    static let names: UInt64 = 0
    static func identity(_ identity: Identity) -> UInt64 { UInt64(identity.rawValue) &+ 1 }
    static func field(_ number: Int) -> UInt64 { UInt64(number) &+ 16 }
    static func keys(_ parent: UInt32, _ kind: FieldKind) -> UInt64 {
      1 &<< 63 | UInt64(parent) &<< 8 | UInt64(kind.rawValue)
    }
  }

  /// A secret of this process, so that no client can choose texts whose hashes collide.
  private static let seed = UInt64.random(in: .min ... .max)

  package init() { interner = Interner(seed: Self.seed) }

  /// The body of these records. The spans are read during the call only.
  package mutating func encode(
    records: Span<UInt8>, ends: Span<Int>
  ) throws(BatchProblem) -> BatchBody {
    guard ends.count > 0 else { throw .emptyBatch }
    guard ends.count <= BatchLimits.mostRows else {
      throw .tooLarge(what: "rows", limit: BatchLimits.mostRows)
    }
    guard records.count <= Int(Int32.max) else {
      throw .tooLarge(what: "records", limit: Int(Int32.max))
    }
    start(rows: ends.count)
    recordEnds = ends.indices.map { ends[$0] }
    var recordStart = 0
    for row in ends.indices {
      let end = ends[row]
      guard end > recordStart, end <= records.count else { throw .badRecord(row) }
      try read(recordStart..<end, row, records)
      recordStart = end
    }
    guard recordStart == records.count else { throw .badRecord(ends.count) }
    try checkShapes(records)
    try writeColumns(records)
    return BatchBody(writer, rows: ends.count, recordBytes: records.count)
  }

  private mutating func start(rows count: Int) {
    writer.removeAll()
    interner.start(rows: count)
    rows = Rows()
    rows.cts.reserveCapacity(count)
    rows.sts.reserveCapacity(count)
    rows.idHigh.reserveCapacity(count)
    rows.idLow.reserveCapacity(count)
    fields.removeAll(keepingCapacity: true)
    tree.removeAll()
    loggedFields.removeAll(keepingCapacity: true)
    loggedValues.removeAll(keepingCapacity: true)
    nameRoots.removeAll(keepingCapacity: true)
    ctxRoot = tree.addRoot()
  }

  private mutating func read(
    _ range: Range<Int>, _ row: Int, _ records: Span<UInt8>
  ) throws(BatchProblem) {
    let view: EventRecordView
    do {
      view = try EventRecordView(records, range: range, checking: false)
    } catch { throw .badRecord(row) }
    let name = TextPlace(offset: view.name.lowerBound, count: view.name.count)
    let nameCode = interner.code(
      of: name, column: Space.names, next: UInt32(rows.nameEntries.count), in: records)
    if nameCode == rows.nameEntries.count {
      rows.nameEntries.append(name)
      nameRoots.append(tree.addRoot())
    }
    rows.names.append(nameCode)
    rows.heads.append(UInt32(view.kind.rawValue) | UInt32(view.flags.rawValue) << 8)
    rows.cts.append(view.cts)
    rows.sts.append(view.sts)
    if let raw = view.rawTime {
      rows.raw.append(raw)
      rows.rawRows.append(UInt32(row))
    }
    rows.idHigh.append(view.id.high)
    rows.idLow.append(view.id.low)
    add(view.profile, .profile, row, records)
    add(view.device, .device, row, records)
    add(view.visitor, .visitor, row, records)
    add(view.session, .session, row, records)
    let props = try walk(
      view.props, row, from: nameRoots[Int(nameCode)], parent: Field.props, records)
    rows.propsShapes.append(tree.shape(endingAt: props))
    let ctx = try walk(view.ctx, row, from: ctxRoot, parent: Field.ctx, records)
    rows.ctxShapes.append(tree.shape(endingAt: ctx))
  }

  /// Keys ascend in every object, or the reader would refuse the whole batch.
  private func checkShapes(_ records: Span<UInt8>) throws(BatchProblem) {
    let checker = ShapeChecker(fields: fields)
    for (number, shape) in tree.shapes.enumerated() {
      guard !checker.isGood(shape.span, records) else { continue }
      let row = rows.propsShapes.firstIndex(of: UInt32(number))
      throw .badRecord(row ?? rows.ctxShapes.firstIndex(of: UInt32(number)) ?? 0)
    }
  }

  @inline(__always)
  private mutating func add(
    _ range: Range<Int>?, _ identity: Identity, _ row: Int, _ records: Span<UInt8>
  ) {
    guard let range else { return }
    let place = TextPlace(offset: range.lowerBound, count: range.count)
    rows.people[identity.rawValue].add(
      place, row: row, column: Space.identity(identity), &interner, records)
  }
}

extension BatchEncoder.IdentityColumn {
  fileprivate mutating func add(
    _ place: TextPlace, row: Int, column: UInt64, _ interner: inout Interner,
    _ records: Span<UInt8>
  ) {
    let code = interner.code(of: place, column: column, next: UInt32(entries.count), in: records)
    if code == entries.count { entries.append(place) }
    codes.append(code)
    rows.append(UInt32(row))
  }
}
