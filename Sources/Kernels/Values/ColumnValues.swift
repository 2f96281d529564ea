import Batches
import Columns
import Compression
import Query
import Sections

/// What a kernel makes of the values at a path: numbers for groups, numbers to add up.
protocol RowValue: BitwiseCopyable {
  /// Of no value, or null.
  static var absent: Self { get }
  /// Of objects and arrays.
  static var other: Self { get }
  var isAbsent: Bool { get }
}

/// A value's number among those of its question.
struct GroupNumber: RowValue {
  var number: UInt32

  /// What is absent and what is no scalar are both in the group None, but are told apart until then:
  /// `any` looks on where there is nothing.
  static let absent = GroupNumber(number: .max)
  @inline(__always)
  var isAbsent: Bool { number == .max }
  static let other = GroupNumber(number: ValueNumbers.none)
}

/// A number of either kind, or none.
struct Number: RowValue {
  enum Kind: UInt64, BitwiseCopyable { case absent, other, integer, double }

  var kind: Kind
  var bits: UInt64

  static let absent = Number(kind: .absent, bits: 0)
  @inline(__always)
  var isAbsent: Bool { kind == .absent }
  static let other = Number(kind: .other, bits: 0)

  @inline(__always)
  var integer: Int64 { Int64(bitPattern: bits) }
  @inline(__always)
  var double: Double { Double(bitPattern: bits) }
  /// Of either kind.
  @inline(__always)
  var asDouble: Double { kind == .integer ? Double(integer) : double }
}

/// Reads the values of one column as numbers for a kernel.
protocol ColumnValues {
  associatedtype Element: RowValue

  /// What does not change while a question is answered.
  associatedtype Context

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor, _ context: Context
  ) throws(SectionProblem)

  /// `count` values from `first` on, to the places from `offset` on.
  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<Element>, at offset: Int
  ) throws(SectionProblem)
}

/// Numbers; everything else is none.
struct NumberColumn: ColumnValues {
  private var integers: IntegerCursor?
  private var doubles: DoubleCursor?

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor, _ context: Void
  ) throws(SectionProblem) {
    switch table.columns[column].kind {
    case .integer, .double: break
    default: return
    }
    switch try table.cursor(ofColumn: column, decompressor) {
    case .integers(let cursor): integers = cursor
    case .doubles(let cursor): doubles = cursor
    case .bools, .texts: break
    }
  }

  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<Number>, at offset: Int
  ) throws(SectionProblem) {
    guard integers != nil || doubles != nil else {
      for index in 0..<count { values[offset + index] = .other }
      return
    }
    var done = 0
    while done < count {
      let block = (first + done) / Section.blockRows
      let start = (first + done) % Section.blockRows
      let loaded = try load(block)
      let part = min(loaded - start, count - done)
      guard part > 0 else { throw .column("values that are not there") }
      if let integers {
        let from = integers.values
        Self.copy(from.span.extracting(start..<(start + part)), to: values, at: offset + done)
      } else if let doubles {
        let from = doubles.values
        Self.copy(from.span.extracting(start..<(start + part)), to: values, at: offset + done)
      }
      done += part
    }
  }

  private mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if let count = try integers?.load(block) { return count }
    return try doubles?.load(block) ?? 0
  }

  private static func copy(
    _ values: Span<Int64>, to target: BlockBuffer<Number>, at offset: Int
  ) {
    for index in values.indices {
      target[offset &+ index] = Number(kind: .integer, bits: UInt64(bitPattern: values[index]))
    }
  }

  private static func copy(
    _ values: Span<Double>, to target: BlockBuffer<Number>, at offset: Int
  ) {
    for index in values.indices {
      target[offset &+ index] = Number(kind: .double, bits: values[index].bitPattern)
    }
  }
}

/// Whose numbers groups have, and what is read from texts before.
struct GroupContext {
  let numbers: ValueNumbers
  /// Nil where the texts are the values.
  var visits: VisitTexts?

  /// Of a text; 0 where it tells nothing.
  func number(of text: Span<UInt8>, hash: @autoclosure () -> UInt64) -> UInt32 {
    guard let visits else { return numbers.number(of: text, hash: hash()) }
    guard let told = visits.text(from: text) else { return ValueNumbers.none }
    return numbers.number(of: told.span, hash: TextHash.hash(told.span))
  }
}

/// The numbers of values, each looked up once for each entry of a dictionary.
struct GroupColumn: ColumnValues {
  private let context: GroupContext
  private var numbers: ValueNumbers { context.numbers }
  private var bools: BoolCursor?
  private var integers: IntegerCursor?
  private var doubles: DoubleCursor?
  private var texts: TextCursor?
  private let isOther: Bool
  /// Whether an empty text is none.
  private var isIdentity = false
  /// By code of the dictionary, or `unknown`.
  private var ofCode: [UInt32] = []
  /// Nil where the numbers are not those of the texts themselves, or only their own reader knows them.
  private var key: ValueNumbers.Column?
  private var lastBits: UInt64 = 0
  private var lastNumber = Self.unknown

  private static let unknown = ValueNumbers.unknown

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor,
    _ context: GroupContext
  ) throws(SectionProblem) {
    self.context = context
    let kind = table.columns[column].kind
    // What is no text tells nothing of a visit, and is no value there.
    isOther = kind == .array || (context.visits != nil && kind != .string)
    if isOther { return }
    switch try table.cursor(ofColumn: column, decompressor) {
    case .bools(let cursor): bools = cursor
    case .integers(let cursor): integers = cursor
    case .doubles(let cursor): doubles = cursor
    case .texts(let cursor): texts = cursor
    }
    if context.visits == nil {
      key = ValueNumbers.Column(table: ObjectIdentifier(table), column: column)
    }
    if let lexicon = texts?.lexicon { ofCode = numbers.table(of: key, count: lexicon.count) }
  }

  /// Ids of rows: an empty text is none.
  init(identity texts: TextCursor, _ context: GroupContext) {
    self.context = context
    isOther = false
    isIdentity = true
    self.texts = texts
    ofCode = Array(repeating: Self.unknown, count: texts.lexicon?.count ?? 0)
    if let lexicon = texts.lexicon, lexicon.count > 0, lexicon.texts.range(of: 0).isEmpty {
      ofCode[0] = ValueNumbers.none
    }
  }

  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<GroupNumber>, at offset: Int
  ) throws(SectionProblem) {
    if isOther {
      for index in 0..<count { values[offset + index] = .other }
      return
    }
    var done = 0
    while done < count {
      let block = (first + done) / Section.blockRows
      let start = (first + done) % Section.blockRows
      let loaded = try load(block)
      let part = min(loaded - start, count - done)
      guard part > 0 else { throw .column("values that are not there") }
      read(start..<(start + part), into: values, at: offset + done)
      done += part
    }
  }

  private mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if let count = try texts?.load(block) { return count }
    if let count = try integers?.load(block) { return count }
    if let count = try doubles?.load(block) { return count }
    return try bools?.load(block) ?? 0
  }

  private mutating func read(
    _ range: Range<Int>, into values: BlockBuffer<GroupNumber>, at offset: Int
  ) {
    if let lexicon = texts?.lexicon, let codes = texts?.codeValues {
      let span = codes.span.extracting(range)
      if !Self.look(up: ofCode.span, span, into: values, at: offset) {
        resolve(span, lexicon)
        Self.look(up: ofCode.span, span, into: values, at: offset)
      }
      return
    }
    for index in 0..<range.count {
      values[offset + index] = GroupNumber(number: number(at: range.lowerBound + index))
    }
  }

  /// Finds the numbers of codes that were not met before.
  private mutating func resolve(_ codes: Span<UInt32>, _ lexicon: TextLexicon) {
    if context.visits == nil { return numbers.resolve(codes, of: lexicon, key, in: &ofCode) }
    let bytes = lexicon.texts.bytes
    let all = bytes.span
    for index in codes.indices {
      let code = Int(codes[index])
      guard ofCode[code] == Self.unknown else { continue }
      ofCode[code] = context.number(
        of: all.extracting(lexicon.texts.range(of: code)), hash: lexicon.hashes[code])
    }
  }

  /// Whether all codes have been met before.
  @discardableResult
  private static func look(
    up table: Span<UInt32>, _ codes: Span<UInt32>, into values: BlockBuffer<GroupNumber>,
    at offset: Int
  ) -> Bool {
    precondition(offset >= 0 && codes.count <= RowList.capacity - offset, "too many rows")
    // SAFETY: checked just now; codes are checked by the table's own subscript.
    let target = unsafe values.start + offset
    var most: UInt32 = 0
    var index = 0
    while index < codes.count {
      let number = table[Int(codes[index])]
      unsafe target[index] = GroupNumber(number: number)
      most = max(most, number)
      index &+= 1
    }
    return most != unknown
  }

  /// Of a value of the block that was loaded last.
  private mutating func number(at index: Int) -> UInt32 {
    if let texts {
      let rows = texts.texts
      let range = rows.range(of: index)
      let bytes = rows.bytes
      let text = bytes.span.extracting(range)
      return text.isEmpty && isIdentity
        ? ValueNumbers.none : context.number(of: text, hash: TextHash.hash(text))
    }
    let value: Value
    let bits: UInt64
    if let integers {
      value = .integer(integers.values[index])
      bits = UInt64(bitPattern: integers.values[index])
    } else if let doubles {
      value = .double(doubles.values[index])
      bits = doubles.values[index].bitPattern
    } else {
      value = .bool(bools?.values[index] == 1)
      bits = UInt64(bools?.values[index] ?? 0)
    }
    // Neighbours are often the same.
    if lastNumber == Self.unknown || bits != lastBits {
      lastBits = bits
      lastNumber = numbers.number(of: value)
    }
    return lastNumber
  }
}
