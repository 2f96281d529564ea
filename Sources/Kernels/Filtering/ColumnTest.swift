import Batches
import Columns
import Compression
import Events
import Query
import Sections

/// What a test says of the values of one column.
struct ColumnTest {
  private let test: ValueTest
  /// What it says of every value, where that is the same.
  private(set) var constant: Bool?
  private var bools: BoolCursor?
  private var integers: IntegerCursor?
  private var doubles: DoubleCursor?
  private var texts: TextCursor?
  /// Arrays are looked into, for texts however deep.
  private let looksInside: Bool
  /// By code of the dictionary.
  private let byCode: [UInt8]

  /// `search`: the column's texts, and those in its arrays, are tested; other kinds have none.
  init(
    _ column: Int, of table: PropertyTable, _ test: ValueTest, isSearch: Bool,
    _ decompressor: ZstdDecompressor, _ verdicts: LexiconVerdicts.Place
  ) throws(SectionProblem) {
    self.test = test
    let kind = table.columns[column].kind
    looksInside = isSearch && kind == .array
    switch kind {
    case .null, .object: constant = test.absent
    case .array where !isSearch: constant = test.other
    case .bool where test.ofFalse == test.ofTrue: constant = test.ofFalse
    case .integer, .double:
      switch test.numbers {
      case .none: constant = false
      case .all: constant = true
      case .within, .among: break
      }
    case .string:
      switch test.texts {
      case .none: constant = false
      case .all: constant = true
      default: break
      }
    default: break
    }
    guard constant == nil else {
      byCode = []
      return
    }
    switch try table.cursor(ofColumn: column, decompressor) {
    case .bools(let cursor): bools = cursor
    case .integers(let cursor): integers = cursor
    case .doubles(let cursor): doubles = cursor
    case .texts(let cursor): texts = cursor
    }
    let inside = looksInside
    byCode =
      if let lexicon = texts?.lexicon {
        verdicts.verdicts(column) {
          if case .contains(let part, let isNot) = test.texts, !part.isEmpty, !inside {
            return LexiconVerdicts.verdicts(of: lexicon.texts, containing: part, isNot: isNot)
          }
          let match = test.texts.borrowed()
          defer { test.texts.giveBack(match) }
          return LexiconVerdicts.verdicts(of: lexicon.texts) { text in
            inside ? ArrayTexts.contain(text, match) : match.passes(text)
          }
        }
      } else { [] }
    // Without an exception in the dictionary nobody has to look at codes.
    if let first = byCode.first, byCode.allSatisfy({ $0 == first }) { constant = first == 1 }
  }

  /// The verdicts of `count` values from `first` on, from `offset` on.
  mutating func evaluate(
    from first: Int, count: Int, into verdicts: Mask, at offset: Int
  ) throws(SectionProblem) {
    if let constant {
      return BlockLoops.fill(verdicts, count, with: constant, at: offset)
    }
    var done = 0
    while done < count {
      let block = (first + done) / Section.blockRows
      let start = (first + done) % Section.blockRows
      let loaded = try load(block)
      let part = min(loaded - start, count - done)
      guard part > 0 else { throw .column("values that are not there") }
      evaluate(start..<(start + part), into: verdicts, at: offset + done)
      done += part
    }
  }

  private mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if let count = try texts?.load(block) { return count }
    if let count = try doubles?.load(block) { return count }
    if let count = try integers?.load(block) { return count }
    return try bools?.load(block) ?? 0
  }

  /// The verdicts of values of the block that was loaded last.
  private func evaluate(
    _ values: Range<Int>, into verdicts: Mask, at offset: Int
  ) {
    let count = values.count
    if let texts {
      if texts.lexicon != nil {
        let codes = texts.codeValues
        let table = byCode
        BlockLoops.look(
          up: table.span, codes.span.extracting(values), into: verdicts, at: offset)
        return
      }
      // Once for the block: they are counted references.
      let (rows, match) = (texts.texts, test.texts.borrowed())
      defer { test.texts.giveBack(match) }
      let bytes = rows.bytes
      let all = bytes.span
      for index in 0..<count {
        let text = all.extracting(rows.range(of: values.lowerBound + index))
        let passes = looksInside ? ArrayTexts.contain(text, match) : match.passes(text)
        verdicts[offset + index] = passes ? 1 : 0
      }
    } else if let doubles {
      let numbers = doubles.values
      test.numbers.evaluate(numbers.span.extracting(values), into: verdicts, at: offset)
    } else if let integers {
      let numbers = integers.values
      test.numbers.evaluate(numbers.span.extracting(values), into: verdicts, at: offset)
    } else if let bools {
      let (no, yes): (UInt8, UInt8) = (test.ofFalse ? 1 : 0, test.ofTrue ? 1 : 0)
      for index in 0..<count {
        verdicts[offset + index] = bools.values[values.lowerBound + index] == 0 ? no : yes
      }
    }
  }
}

extension NumberTest {
  func evaluate(_ values: Span<Int64>, into verdicts: Mask, at start: Int = 0) {
    switch self {
    case .none: BlockLoops.fill(verdicts, values.count, with: false, at: start)
    case .all: BlockLoops.fill(verdicts, values.count, with: true, at: start)
    case .within(let bounds, _, let isNot):
      if let bounds {
        BlockLoops.isInside(values, bounds, into: verdicts, at: start)
      } else {
        BlockLoops.fill(verdicts, values.count, with: false, at: start)
      }
      if isNot { BlockLoops.flip(verdicts, values.count, at: start) }
    case .among(let set, let isNot):
      for index in values.indices {
        verdicts[start + index] = set.contains(.integer(values[index])) != isNot ? 1 : 0
      }
    }
  }

  func evaluate(_ values: Span<Double>, into verdicts: Mask, at start: Int = 0) {
    switch self {
    case .none: BlockLoops.fill(verdicts, values.count, with: false, at: start)
    case .all: BlockLoops.fill(verdicts, values.count, with: true, at: start)
    case .within(_, let bounds, let isNot):
      if let bounds {
        BlockLoops.isInside(values, bounds, into: verdicts, at: start)
      } else {
        BlockLoops.fill(verdicts, values.count, with: false, at: start)
      }
      if isNot { BlockLoops.flip(verdicts, values.count, at: start) }
    case .among(let set, let isNot):
      for index in values.indices {
        verdicts[start + index] = set.contains(.double(values[index])) != isNot ? 1 : 0
      }
    }
  }
}

/// The texts inside an array, as it is encoded (see `Properties`): those of its elements and of the
/// values of its objects, however deep; keys are none.
enum ArrayTexts {
  static func contain(_ bytes: Span<UInt8>, _ match: TextMatch) -> Bool {
    var reader = Reader(match: match)
    _ = reader.value(bytes, at: 0, depth: 0)
    return reader.found
  }

  private struct Reader {
    let match: TextMatch
    var found = false
    private static let maximumDepth = 64

    /// Where the value ends; nil where the bytes are none.
    mutating func value(_ bytes: Span<UInt8>, at start: Int, depth: Int) -> Int? {
      guard start < bytes.count, depth < Self.maximumDepth,
        let tag = Properties.Tag(rawValue: bytes[start])
      else { return nil }
      var place = start + 1
      switch tag {
      case .null, .false, .true: return place
      case .integer: return length(bytes, &place) == nil ? nil : place
      case .double: return place + 8 <= bytes.count ? place + 8 : nil
      case .string:
        guard let end = text(bytes, &place) else { return nil }
        if match.passes(bytes.extracting(place..<end)) { found = true }
        return end
      case .array, .object:
        guard place + 4 <= bytes.count else { return nil }
        let size = (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        place += 4
        guard size <= bytes.count - place else { return nil }
        let end = place + size
        while place < end {
          if tag == .object {
            guard let next = text(bytes, &place) else { return nil }
            place = next
          }
          guard let next = value(bytes, at: place, depth: depth + 1), next <= end else {
            return nil
          }
          place = next
        }
        return end
      }
    }

    /// Steps over a varint.
    private func length(_ bytes: Span<UInt8>, _ place: inout Int) -> UInt64? {
      var number: UInt64 = 0
      var shift: UInt64 = 0
      while place < bytes.count, shift < 64 {
        let byte = bytes[place]
        place += 1
        number |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return number }
        shift += 7
      }
      return nil
    }

    /// Steps to a text's first byte, and says where it ends.
    private func text(_ bytes: Span<UInt8>, _ place: inout Int) -> Int? {
      guard let count = length(bytes, &place), count <= UInt64(bytes.count - place) else {
        return nil
      }
      return place + Int(count)
    }
  }
}
