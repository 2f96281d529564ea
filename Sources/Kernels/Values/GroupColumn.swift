import Batches
import Columns
import Compression
import Query
import Sections

/// Whose numbers groups have, and what is read from texts before.
struct GroupContext {
  let numbers: ValueNumbers
  /// Nil where the texts are the values.
  var visits: VisitTexts?
  /// Whether values may be numbered that nobody has met.
  var numbersAll = false

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

  /// How often there were codes without a number. When it happens again and again, all are numbered.
  private var misses = 0

  private static let unknown = ValueNumbers.unknown
  private static let mostMisses = 4

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
    if context.visits == nil {
      misses += 1
      if context.numbersAll, misses > Self.mostMisses {
        return numbers.resolveAll(of: lexicon, key, in: &ofCode)
      }
      return numbers.resolve(codes, of: lexicon, key, in: &ofCode)
    }
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
