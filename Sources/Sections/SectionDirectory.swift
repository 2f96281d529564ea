import Batches
package import Events
import Platform

// The directory of a section: what is in it and where. Integers are varints unless they say otherwise,
// texts are a varint of their length and UTF-8.
//
//   "TRSD"  u16 version = 2
//   project, window zigzag (months since 1970, -1 the skew family)
//   rows, rows by people, people, first cts zigzag, last cts zigzag, first id time, last id time
//   heads     count × (u8 kind, u16 flags, name, rows), the most frequent first
//   sources   count × text
//   keys      count × text
//   fields    count × (parent, u8 kind, key)
//   shapes    count × (count × field)
//   columns   one place for each case of `SectionColumn`
//   ids       profile, device, visitor, session: place of the rows where another one begins, texts
//   root      of the id section (IDSectionRoot.swift), behind its length, and the first of its extents
//   ctx       objects, a table
//   props     one table for each head
//   strays    u8 0 not known, 1 none, 2 a run: its root (StrayRun.swift) behind its length, and the first
//             of its extents; version 1 ends before, and does not know
//
//   place     head of the column, count × (first block, extent, offset, length): its pieces
//   texts     place of codes and place of their dictionary, or place of texts and an empty one
//   table     count × shape, place of the shape codes, count × (field, texts); what is no text has an
//             empty dictionary

/// The columns that every section has; one that has nothing to say has no head.
package enum SectionColumn: Int, CaseIterable, Sendable {
  case heads, times, receipts, rawRows, rawTimes, sources
  case personHighs, personLows, personRows
  case ctxRows
  case rollupCells, rollupCounts
}

/// A column: its head, and where its pieces lie.
package struct ColumnPlace: Equatable, Sendable {
  package struct Piece: Equatable, Sendable {
    package var firstBlock: UInt32
    package var extent: UInt32
    package var offset: UInt32
    package var length: UInt32

    package init(firstBlock: UInt32, extent: UInt32, offset: UInt32, length: UInt32) {
      self.firstBlock = firstBlock
      self.extent = extent
      self.offset = offset
      self.length = length
    }

    package var range: Range<Int> { Int(offset)..<(Int(offset) + Int(length)) }
  }

  package var head: [UInt8]
  package var pieces: [Piece]

  package init(head: [UInt8] = [], pieces: [Piece] = []) {
    self.head = head
    self.pieces = pieces
  }

  /// The place in `pieces` of the one that has this block.
  package func piece(ofBlock block: Int) -> Int? {
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if Int(pieces[middle].firstBlock) <= block { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }
}

/// Objects of one kind as columns: which shapes they have, and where their values are.
package struct TablePlaces: Equatable, Sendable {
  /// The shape of each code.
  package var shapes: [UInt32] = []
  package var shapeCodes = ColumnPlace()
  package var columns: [Column] = []

  package struct Column: Equatable, Sendable {
    package let field: UInt32
    package let values: TextPlaces

    package init(field: UInt32, values: TextPlaces) {
      self.field = field
      self.values = values
    }
  }

  package init() {}
}

/// A column of texts: codes with their dictionary, or the texts themselves; other columns have no
/// dictionary either.
package struct TextPlaces: Equatable, Sendable {
  package var values = ColumnPlace()
  package var lexicon = ColumnPlace()

  package init(values: ColumnPlace = ColumnPlace(), lexicon: ColumnPlace = ColumnPlace()) {
    self.values = values
    self.lexicon = lexicon
  }
}

/// An id that rows name: where another one begins, and which; an empty text is none.
package struct IdentityPlaces: Equatable, Sendable {
  package var changes = ColumnPlace()
  package var texts = TextPlaces()

  package init() {}
}

/// The ids of a section that lie far from their rows' times.
package enum StrayPlaces: Equatable, Sendable {
  /// Nobody has looked: they may be anywhere among the section's ids.
  case unknown
  case none
  /// The root of a run, and the first of its extents.
  case run(root: [UInt8], firstExtent: Int)
}

/// The ids that rows name, in the order in which they are stored.
package enum Identity: Int, CaseIterable, Sendable { case profile, device, visitor, session }

package struct SectionDirectory: Equatable, Sendable {
  package static let version: UInt16 = 2
  /// The versions that can be read.
  private static let known: ClosedRange<UInt16> = 1...2
  private static let magic: UInt32 = 0x4453_5254  // "TRSD"

  package var project: ProjectID
  package var window: Window
  package var rowCount = 0
  /// Rows of people stand before those of nobody.
  package var peopleRowCount = 0
  package var personCount = 0
  package var times: ClosedRange<Int64> = 0...0
  package var idTimes: ClosedRange<Int64> = 0...0

  package var heads: [EventHead] = []
  package var headRows: [Int] = []
  package var sources: [String] = []
  package var keys: [String] = []
  package var fields: [SectionField] = []
  package var shapes: [[UInt32]] = []

  package var columns: [ColumnPlace] = Array(
    repeating: ColumnPlace(), count: SectionColumn.allCases.count)
  /// By `Identity`.
  package var identities = Array(repeating: IdentityPlaces(), count: Identity.allCases.count)
  package var idRoot: [UInt8] = []
  package var firstIDExtent = 0
  package var ctxCount = 0
  package var ctx = TablePlaces()
  /// By head.
  package var props: [TablePlaces] = []
  package var strays = StrayPlaces.unknown

  package init(project: ProjectID, window: Window) {
    self.project = project
    self.window = window
  }

  package subscript(column: SectionColumn) -> ColumnPlace {
    get { columns[column.rawValue] }
    set { columns[column.rawValue] = newValue }
  }
}

// MARK: Bytes

extension SectionDirectory {
  package var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(littleEndian: Self.magic)
    writer.append(littleEndian: Self.version)
    writer.append(text: project.text)
    writer.append(zigzag: Int64(window.code))
    for count in [rowCount, peopleRowCount, personCount] { writer.append(varint: UInt64(count)) }
    for time in [times.lowerBound, times.upperBound, idTimes.lowerBound, idTimes.upperBound] {
      writer.append(zigzag: time)
    }
    writer.append(varint: UInt64(heads.count))
    for (head, rows) in zip(heads, headRows) {
      writer.append(head.kind.rawValue)
      writer.append(littleEndian: head.flags.rawValue)
      writer.append(text: head.name)
      writer.append(varint: UInt64(rows))
    }
    for texts in [sources, keys] {
      writer.append(varint: UInt64(texts.count))
      for text in texts { writer.append(text: text) }
    }
    writer.append(varint: UInt64(fields.count))
    for field in fields {
      writer.append(varint: UInt64(field.parent))
      writer.append(field.kind.rawValue)
      writer.append(varint: UInt64(field.key))
    }
    writer.append(varint: UInt64(shapes.count))
    for shape in shapes { Self.append(shape, to: &writer) }
    for place in columns { Self.append(place, to: &writer) }
    for identity in identities {
      Self.append(identity.changes, to: &writer)
      Self.append(identity.texts, to: &writer)
    }
    writer.append(varint: UInt64(idRoot.count))
    writer.append(idRoot)
    writer.append(varint: UInt64(firstIDExtent))
    writer.append(varint: UInt64(ctxCount))
    Self.append(ctx, to: &writer)
    for table in props { Self.append(table, to: &writer) }
    Self.append(strays, to: &writer)
    return writer.bytes
  }

  private static func append(_ strays: StrayPlaces, to writer: inout ByteWriter) {
    switch strays {
    case .unknown: writer.append(0)
    case .none: writer.append(1)
    case .run(let root, let firstExtent):
      writer.append(2)
      writer.append(varint: UInt64(root.count))
      writer.append(root)
      writer.append(varint: UInt64(firstExtent))
    }
  }

  private static func append(_ numbers: [UInt32], to writer: inout ByteWriter) {
    writer.append(varint: UInt64(numbers.count))
    for number in numbers { writer.append(varint: UInt64(number)) }
  }

  private static func append(_ place: ColumnPlace, to writer: inout ByteWriter) {
    writer.append(varint: UInt64(place.head.count))
    writer.append(place.head)
    writer.append(varint: UInt64(place.pieces.count))
    for piece in place.pieces {
      for number in [piece.firstBlock, piece.extent, piece.offset, piece.length] {
        writer.append(varint: UInt64(number))
      }
    }
  }

  private static func append(_ texts: TextPlaces, to writer: inout ByteWriter) {
    append(texts.values, to: &writer)
    append(texts.lexicon, to: &writer)
  }

  private static func append(_ table: TablePlaces, to writer: inout ByteWriter) {
    append(table.shapes, to: &writer)
    append(table.shapeCodes, to: &writer)
    writer.append(varint: UInt64(table.columns.count))
    for column in table.columns {
      writer.append(varint: UInt64(column.field))
      append(column.values, to: &writer)
    }
  }

  /// Reads a directory, and checks that its numbers agree with each other: what was read can be used
  /// as an index without looking again.
  package init(decoding bytes: [UInt8]) throws(SectionProblem) {
    let version: UInt16
    var read: SectionDirectory?
    do throws(ByteReader.Problem) {
      let span = bytes.span
      var reader = DirectoryReader()
      guard try reader.integer(UInt32.self, span) == Self.magic else { throw .truncated(at: 0) }
      version = try reader.integer(UInt16.self, span)
      if Self.known.contains(version) { read = try reader.directory(span, version) }
    } catch { throw .directory("\(error)") }
    guard let read else { throw .unknownVersion(UInt32(version)) }
    self = read
    if let wrong = disagreement { throw .directory(wrong) }
  }

  private var disagreement: String? {
    guard rowCount <= Int(UInt32.max), peopleRowCount <= rowCount, personCount <= peopleRowCount
    else { return "rows" }
    var sum = 0
    for rows in headRows {
      let (next, overflow) = sum.addingReportingOverflow(rows)
      if overflow { return "rows of heads" }
      sum = next
    }
    guard sum == rowCount, ctxCount <= rowCount else { return "rows of heads" }
    for (number, field) in fields.enumerated() {
      guard field.key < keys.count else { return "keys" }
      guard field.parent >= SectionField.base else { continue }
      let parent = Int(field.parent - SectionField.base)
      guard parent < number, fields[parent].kind == .object else { return "parents" }
    }
    for shape in shapes where !shape.allSatisfy({ $0 < fields.count }) { return "shapes" }
    for table in props + [ctx] {
      guard table.shapes.allSatisfy({ $0 < shapes.count }) else { return "tables" }
      guard table.columns.allSatisfy({ $0.field < fields.count }) else { return "tables" }
    }
    return nil
  }
}

/// Reads the parts of a directory; nothing is allocated that the bytes do not account for.
private struct DirectoryReader {
  var reader = ByteReader()

  mutating func integer<Integer: FixedWidthInteger>(
    _ type: Integer.Type, _ bytes: Span<UInt8>
  ) throws(ByteReader.Problem) -> Integer {
    try reader.integer(type, bytes)
  }

  mutating func count(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> Int {
    // Whatever is counted takes a byte at least.
    try reader.length(bytes)
  }

  mutating func number(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> UInt32 {
    let start = reader.position
    guard let number = UInt32(exactly: try reader.varint(bytes)) else {
      throw .overlong(at: start)
    }
    return number
  }

  mutating func size(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> Int {
    Int(try number(bytes))
  }

  mutating func times(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> ClosedRange<Int64> {
    let first = try reader.zigzag(bytes)
    let last = try reader.zigzag(bytes)
    guard first <= last else { throw .overlong(at: reader.position) }
    return first...last
  }

  mutating func texts(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> [String] {
    var texts: [String] = []
    for _ in 0..<(try count(bytes)) { texts.append(try reader.text(bytes)) }
    return texts
  }

  mutating func numbers(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> [UInt32] {
    var numbers: [UInt32] = []
    for _ in 0..<(try count(bytes)) { numbers.append(try number(bytes)) }
    return numbers
  }

  mutating func place(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> ColumnPlace {
    let length = try reader.length(bytes)
    let head = try reader.range(of: length, bytes)
    var place = ColumnPlace(head: Array(bytes.extracting(head)))
    for _ in 0..<(try count(bytes)) {
      place.pieces.append(
        ColumnPlace.Piece(
          firstBlock: try number(bytes), extent: try number(bytes), offset: try number(bytes),
          length: try number(bytes)))
    }
    return place
  }

  mutating func texts(at bytes: Span<UInt8>) throws(ByteReader.Problem) -> TextPlaces {
    TextPlaces(values: try place(bytes), lexicon: try place(bytes))
  }

  mutating func strays(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> StrayPlaces {
    let place = reader.position
    switch try reader.byte(bytes) {
    case 0: return .unknown
    case 1: return .none
    case 2:
      let length = try reader.length(bytes)
      let root = Array(bytes.extracting(try reader.range(of: length, bytes)))
      return .run(root: root, firstExtent: try size(bytes))
    default: throw .overlong(at: place)
    }
  }

  mutating func table(_ bytes: Span<UInt8>) throws(ByteReader.Problem) -> TablePlaces {
    var table = TablePlaces()
    table.shapes = try numbers(bytes)
    table.shapeCodes = try place(bytes)
    for _ in 0..<(try count(bytes)) {
      table.columns.append(
        TablePlaces.Column(field: try number(bytes), values: try texts(at: bytes)))
    }
    return table
  }

  mutating func directory(
    _ bytes: Span<UInt8>, _ version: UInt16
  ) throws(ByteReader.Problem) -> SectionDirectory {
    let start = reader.position
    let text = try reader.text(bytes)
    guard let project = try? ProjectID(text) else {
      throw .invalidText(at: start)
    }
    let window = try reader.zigzag(bytes)
    guard let code = Int32(exactly: window) else { throw .overlong(at: reader.position) }
    var directory = SectionDirectory(project: project, window: Window(code: code))
    directory.rowCount = try size(bytes)
    directory.peopleRowCount = try size(bytes)
    directory.personCount = try size(bytes)
    directory.times = try times(bytes)
    directory.idTimes = try times(bytes)
    for _ in 0..<(try count(bytes)) {
      let place = reader.position
      let kind = EventKind(rawValue: try reader.byte(bytes))
      let flags = EventRecord.Flags(rawValue: try integer(UInt16.self, bytes))
      guard let kind else { throw .overlong(at: place) }
      directory.heads.append(
        EventHead(name: try reader.text(bytes), kind: kind, flags: flags))
      directory.headRows.append(try size(bytes))
    }
    directory.sources = try texts(bytes)
    directory.keys = try texts(bytes)
    for _ in 0..<(try count(bytes)) {
      let parent = try number(bytes)
      let place = reader.position
      guard let kind = FieldKind(rawValue: try reader.byte(bytes)) else {
        throw .overlong(at: place)
      }
      directory.fields.append(SectionField(parent: parent, kind: kind, key: try number(bytes)))
    }
    for _ in 0..<(try count(bytes)) { directory.shapes.append(try numbers(bytes)) }
    for column in directory.columns.indices { directory.columns[column] = try place(bytes) }
    for identity in directory.identities.indices {
      directory.identities[identity].changes = try place(bytes)
      directory.identities[identity].texts = try texts(at: bytes)
    }
    let length = try reader.length(bytes)
    directory.idRoot = Array(bytes.extracting(try reader.range(of: length, bytes)))
    directory.firstIDExtent = try size(bytes)
    directory.ctxCount = try size(bytes)
    directory.ctx = try table(bytes)
    for _ in directory.heads { directory.props.append(try table(bytes)) }
    if version >= 2 { directory.strays = try strays(bytes) }
    guard reader.isAtEnd(of: bytes) else { throw .overlong(at: reader.position) }
    return directory
  }
}
