import Batches
import Columns
import Compression
import Events
import Query
import Sections

/// Where texts go, and what is read from them before.
struct SpellContext {
  let memory: SpellMemory
  /// Nil where the texts are the values.
  var visits: VisitTexts?
}

/// The texts of the values of a column: entries of a dictionary are spelled once for a slice.
struct SpellColumn: ColumnValues {
  private let context: SpellContext
  private var bools: BoolCursor?
  private var integers: IntegerCursor?
  private var doubles: DoubleCursor?
  private var texts: TextCursor?
  private let isOther: Bool
  /// Whether an empty text is none.
  private var isIdentity = false
  /// By code of the dictionary, or `unknown`.
  private var ofCode: [Spelled] = []

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor,
    _ context: SpellContext
  ) throws(SectionProblem) {
    self.context = context
    let kind = table.columns[column].kind
    // What is no text tells nothing of a visit.
    isOther = kind == .array || (context.visits != nil && kind != .string)
    if isOther { return }
    switch try table.cursor(ofColumn: column, decompressor) {
    case .bools(let cursor): bools = cursor
    case .integers(let cursor): integers = cursor
    case .doubles(let cursor): doubles = cursor
    case .texts(let cursor):
      texts = cursor
      ofCode = Array(repeating: .unknown, count: cursor.lexiconCount)
    }
  }

  /// Ids of rows: an empty text is none.
  init(identity texts: TextCursor, _ context: SpellContext) {
    self.context = context
    isOther = false
    isIdentity = true
    self.texts = texts
    ofCode = Array(repeating: .unknown, count: texts.lexiconCount)
  }

  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<Spelled>, at offset: Int
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
    _ range: Range<Int>, into values: BlockBuffer<Spelled>, at offset: Int
  ) {
    if let lexicon = texts?.lexicon, let codes = texts?.codeValues {
      let span = codes.span.extracting(range)
      if !Self.look(up: ofCode.span, span, into: values, at: offset) {
        resolve(span, lexicon)
        Self.look(up: ofCode.span, span, into: values, at: offset)
      }
    } else if let rows = texts?.texts {
      if context.visits == nil {
        return context.memory.add(
          rows, range, to: values, at: offset, empty: isIdentity ? .absent : nil)
      }
      let all = rows.bytes
      let bytes = all.span
      for index in range {
        values[offset + index - range.lowerBound] = spelled(
          bytes.extracting(rows.range(of: index)), isKept: false)
      }
    } else if let numbers = integers?.values {
      for index in range {
        values[offset + index - range.lowerBound] = context.memory.add(numbers[index])
      }
    } else {
      for index in range {
        let value: Value =
          if let doubles {
            .double(doubles.values[index])
          } else {
            .bool(bools?.values[index] == 1)
          }
        values[offset + index - range.lowerBound] = context.memory.add(value)
      }
    }
  }

  /// Spells codes that were not met before.
  private mutating func resolve(_ codes: Span<UInt32>, _ lexicon: TextLexicon) {
    let all = lexicon.texts.bytes
    let bytes = all.span
    for index in codes.indices {
      let code = Int(codes[index])
      guard ofCode[code].bits == Spelled.unknown.bits else { continue }
      ofCode[code] = spelled(bytes.extracting(lexicon.texts.range(of: code)), isKept: true)
    }
  }

  private func spelled(_ text: Span<UInt8>, isKept: Bool) -> Spelled {
    if isIdentity, text.isEmpty { return .absent }
    guard let visits = context.visits else {
      return isKept ? context.memory.keep(text: text) : context.memory.add(text: text)
    }
    guard let told = visits.text(from: text) else { return .other }
    return isKept ? context.memory.keep(text: told.span) : context.memory.add(text: told.span)
  }

  /// Whether all codes have been met before.
  @discardableResult
  private static func look(
    up table: Span<Spelled>, _ codes: Span<UInt32>, into values: BlockBuffer<Spelled>,
    at offset: Int
  ) -> Bool {
    precondition(offset >= 0 && codes.count <= RowList.capacity - offset, "too many rows")
    // SAFETY: checked just now; codes are checked by the table's own subscript.
    let target = unsafe values.start + offset
    var strangers = 0
    var index = 0
    while index < codes.count {
      let spelled = table[Int(codes[index])]
      unsafe target[index] = spelled
      strangers &+= spelled.bits == Spelled.unknown.bits ? 1 : 0
      index &+= 1
    }
    return strangers == 0
  }
}

/// What a path of an export is made of in one section.
enum SpelledPath {
  static func check(_ path: PropertyPath) throws(QueryError) {
    switch path.place {
    case .key(.profile, _), .field(.person): throw .unanswered(path)
    default: return
    }
  }

  static func values(
    at path: PropertyPath, heads: [Int], of reader: BlockReader, _ memory: SpellMemory
  ) throws(SectionProblem) -> RowValues<SpellColumn> {
    let directory = reader.section.directory
    let context = SpellContext(memory: memory)
    switch path.place {
    case .key(.props, let keys):
      return RowValues(nil, try PropertyValues(keys, heads: heads, of: reader, context))
    case .key(.ctx, let keys): return RowValues(try SharedValues(ctx: keys, of: reader, context))
    case .key(.any, let keys): return try any(keys, heads, reader, context)
    case .visit(let part):
      let told = SpellContext(memory: memory, visits: VisitTexts(part))
      let source =
        switch part.source {
        case .userAgent:
          RowValues(
            try SharedValues<SpellColumn>(ctx: [VisitPart.userAgentKey], of: reader, told))
        case .referrer: try any([VisitPart.referrerKey], heads, reader, told)
        }
      return try any([part.rawValue], heads, reader, context).or(source)
    case .key(.profile, _): return RowValues(byHead: directory.heads.map { _ in .absent })
    case .field(let field):
      switch field {
      case .name: return RowValues(byHead: directory.heads.map { memory.keep(.string($0.name)) })
      case .kind:
        return RowValues(
          byHead: directory.heads.map { memory.keep(.string(String(describing: $0.kind))) })
      case .interactive:
        return RowValues(
          byHead: directory.heads.map { memory.keep(.bool($0.flags.contains(.interactive))) })
      case .source:
        return RowValues(bySource: directory.sources.map { memory.keep(.string($0)) })
      case .cts, .sts: return RowValues(isReceipt: field == .sts) { memory.add($0) }
      case .profile: return try identity(.profile, of: reader, context)
      case .device: return try identity(.device, of: reader, context)
      case .visitor: return try identity(.visitor, of: reader, context)
      case .session: return try identity(.session, of: reader, context)
      case .id, .person: return RowValues(byHead: directory.heads.map { _ in .absent })
      }
    }
  }

  private static func identity(
    _ identity: Identity, of reader: BlockReader, _ context: SpellContext
  ) throws(SectionProblem) -> RowValues<SpellColumn> {
    let texts = try reader.section.texts(of: identity, reader.decompressor)
    return RowValues(SharedValues(identity, SpellColumn(identity: texts, context)))
  }

  private static func any(
    _ keys: [String], _ heads: [Int], _ reader: BlockReader, _ context: SpellContext
  ) throws(SectionProblem) -> RowValues<SpellColumn> {
    RowValues(
      try SharedValues(ctx: keys, of: reader, context),
      try PropertyValues(keys, heads: heads, of: reader, context))
  }
}
