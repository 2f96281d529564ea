import Batches
import Columns
import Compression
import Events
import Platform

/// Objects of a table as canonical bytes. They may be asked for in any order; of neighbours, only what
/// differs is looked up.
struct ObjectReader {
  /// Where the cursor of a column is, among those of its kind.
  private enum Place {
    case bools(Int), integers(Int), doubles(Int), strings(Int), arrays(Int)
  }

  private let table: PropertyTable
  private let section: Section
  private let decompressor: ZstdDecompressor
  private var shapeCodes: CodeCursor
  private var ranks: ValueRanks
  /// By code of a shape, once one of its objects was met here.
  private var plans: [ObjectPlan?]
  private var places: [Place?]
  private var bools: [BoolCursor] = []
  private var integers: [IntegerCursor] = []
  private var doubles: [DoubleCursor] = []
  private var texts: [TextCursor] = []
  private var scratch = TextRows()
  /// Where the lengths of the objects go that have begun.
  private var open: [Int] = []

  init(
    _ table: PropertyTable, in section: Section, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    self.table = table
    self.section = section
    self.decompressor = decompressor
    shapeCodes = try table.shapeCodes()
    ranks = ValueRanks(of: table)
    plans = Array(repeating: nil, count: table.shapes.count)
    places = Array(repeating: nil, count: table.columns.count)
  }

  /// Appends object `number` of the table, with its braces.
  mutating func append(
    _ number: Int, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    guard number >= 0, number < table.count else { throw .column("no object \(number)") }
    let loaded = try shapeCodes.load(number / Lanes.blockCount)
    guard number % Lanes.blockCount < loaded else { throw .column("no object \(number)") }
    let code = Int(shapeCodes.values[number % Lanes.blockCount])
    ranks.move(to: number, shapeCodes.values, of: table)
    if plans[code] == nil { plans[code] = try table.plan(ofCode: code, in: section.directory) }
    guard let plan = plans[code] else { return }
    open.removeAll(keepingCapacity: true)
    let bytes = plan.bytes.span
    for step in plan.steps {
      switch step {
      case .bytes(let range): writer.append(bytes.extracting(range))
      case .begin: open.append(writer.count)
      case .end:
        guard let start = open.popLast() else { throw .column("a shape that is no tree") }
        writer.patch(littleEndian: UInt32(writer.count - start), at: start - 4)
      case .value(let column): try append(column, ranks.index(ofColumn: column), to: &writer)
      }
    }
  }

  private mutating func append(
    _ column: Int, _ index: Int, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    if places[column] == nil { try prepare(column) }
    switch places[column] {
    case .bools(let place):
      let tag: Properties.Tag = try bools[place].value(at: index) ? .true : .false
      writer.append(tag.rawValue)
    case .integers(let place): writer.append(zigzag: try integers[place].value(at: index))
    case .doubles(let place):
      writer.append(littleEndian: try doubles[place].value(at: index).bitPattern)
    case .strings(let place):
      scratch.removeAll()
      try texts[place].append(index, to: &scratch)
      writer.append(varint: UInt64(scratch.bytes.count))
      writer.append(scratch.bytes)
    case .arrays(let place):
      scratch.removeAll()
      try texts[place].append(index, to: &scratch)
      writer.append(scratch.bytes)
    case nil: throw .column("a column of no kind")
    }
  }

  private mutating func prepare(_ column: Int) throws(SectionProblem) {
    switch try table.cursor(ofColumn: column, decompressor) {
    case .bools(let cursor):
      places[column] = .bools(bools.count)
      bools.append(cursor)
    case .integers(let cursor):
      places[column] = .integers(integers.count)
      integers.append(cursor)
    case .doubles(let cursor):
      places[column] = .doubles(doubles.count)
      doubles.append(cursor)
    case .texts(let cursor):
      let isString = table.columns[column].kind == .string
      places[column] = isString ? .strings(texts.count) : .arrays(texts.count)
      texts.append(cursor)
    }
  }
}

/// Where the values of one object of a table stand in their columns: counted on from the object before,
/// within a block.
struct ValueRanks {
  /// Objects of one shape have all values, at their own numbers.
  private let isUniform: Bool
  /// By column: how many objects before `object` have a value.
  private var next: [Int]
  private var object = -1
  /// How many of the objects that were passed have each shape.
  private var uses: [Int]

  /// Over more objects than these it is their shapes that are counted first.
  private static let few = 16

  init(of table: PropertyTable) {
    isUniform = table.shapes.count == 1
    next = Array(repeating: 0, count: table.columns.count)
    uses = Array(repeating: 0, count: table.shapes.count)
  }

  func index(ofColumn column: Int) -> Int { isUniform ? object : next[column] }

  /// Goes to an object; `codes` are those of its block.
  mutating func move(to number: Int, _ codes: [UInt32], of table: PropertyTable) {
    if isUniform {
      object = number
      return
    }
    let block = number / Lanes.blockCount
    if object < 0 || number < object || object / Lanes.blockCount != block {
      for column in next.indices { next[column] = table.rank(ofBlock: block, column: column) }
      object = block * Lanes.blockCount
    }
    let range = (object % Lanes.blockCount)..<(number % Lanes.blockCount)
    object = number
    if range.isEmpty { return }
    let codes = codes.span.extracting(range)
    let (starts, members) = (table.firstMembers, table.members)
    if range.count > Self.few {
      Self.count(codes, starts.span, members.span, &uses, &next)
    } else {
      Self.add(codes, starts.span, members.span, to: &next)
    }
  }

  private static func add(
    _ codes: Span<UInt32>, _ starts: Span<Int>, _ members: Span<Int>, to next: inout [Int]
  ) {
    var next = next.mutableSpan
    var index = 0
    while index < codes.count {
      let code = Int(codes[index])
      var member = starts[code]
      while member < starts[code &+ 1] {
        next[members[member]] &+= 1
        member &+= 1
      }
      index &+= 1
    }
  }

  private static func count(
    _ codes: Span<UInt32>, _ starts: Span<Int>, _ members: Span<Int>, _ uses: inout [Int],
    _ next: inout [Int]
  ) {
    var uses = uses.mutableSpan
    var next = next.mutableSpan
    var index = 0
    while index < codes.count {
      uses[Int(codes[index])] &+= 1
      index &+= 1
    }
    var code = 0
    while code < uses.count {
      if uses[code] > 0 {
        var member = starts[code]
        while member < starts[code &+ 1] {
          next[members[member]] &+= uses[code]
          member &+= 1
        }
        uses[code] = 0
      }
      code &+= 1
    }
  }
}
