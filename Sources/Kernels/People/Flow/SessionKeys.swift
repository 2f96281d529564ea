import Columns
import Sections

/// Numbers for the ids of sessions, 64 bits with a key that nobody knows: among a person's sessions two
/// share one about never, and nobody can make that happen. So no id has to be kept.
struct SessionKeys {
  /// Chosen anew for each question.
  struct Secret: Sendable {
    let start = UInt64.random(in: .min ... .max)
    let factor = UInt64.random(in: .min ... .max) | 1
  }

  private let secret: Secret
  private var texts: TextCursor
  private var ofCode: [UInt64] = []
  private var keys: [UInt64] = []

  init(_ secret: Secret, of reader: BlockReader) throws(SectionProblem) {
    self.secret = secret
    texts = try reader.section.texts(of: .session, reader.decompressor)
    guard let lexicon = texts.lexicon?.texts else { return }
    let bytes = lexicon.bytes
    for code in 0..<lexicon.count {
      ofCode.append(Self.key(bytes.span.extracting(lexicon.range(of: code)), secret))
    }
  }

  /// The keys of the rows of the reader's block: their lower words, and a block further the upper ones;
  /// 0 is none.
  mutating func load(
    _ reader: BlockReader, into words: UnsafeMutablePointer<UInt32>
  ) throws(SectionProblem) {
    let runs = try reader.runs(of: .session)
    try read(runs.values)
    let starts = runs.starts
    guard starts.count == keys.count else { throw .column("ids of a block") }
    let count = reader.count
    var run = 0
    var row = 0
    while run < starts.count {
      let key = keys[run]
      run += 1
      let end = min(count, run < starts.count ? Int(starts[run]) : count)
      while row < end {
        // SAFETY: there is room for the words of a block's rows, twice.
        unsafe words[row] = UInt32(truncatingIfNeeded: key)
        unsafe words[Section.blockRows &+ row] = UInt32(truncatingIfNeeded: key >> 32)
        row &+= 1
      }
    }
  }

  private mutating func read(_ entries: Range<Int>) throws(SectionProblem) {
    guard entries.upperBound <= texts.count, entries.count <= Section.blockRows else {
      throw .column("ids of a block")
    }
    keys.removeAll(keepingCapacity: true)
    var entry = entries.lowerBound
    while entry < entries.upperBound {
      let start = entry % Section.blockRows
      let count = min(try texts.load(entry / Section.blockRows) - start, entries.upperBound - entry)
      guard count > 0 else { throw .column("ids of a block") }
      if texts.lexicon != nil {
        let codes = texts.codeValues
        for index in start..<(start + count) { keys.append(ofCode[Int(codes[index])]) }
      } else {
        let rows = texts.texts
        let bytes = rows.bytes
        for index in start..<(start + count) {
          keys.append(Self.key(bytes.span.extracting(rows.range(of: index)), secret))
        }
      }
      entry += count
    }
  }

  @inline(__always)
  private static func key(_ text: Span<UInt8>, _ secret: Secret) -> UInt64 {
    if text.isEmpty { return 0 }
    var state = secret.start ^ UInt64(truncatingIfNeeded: text.count)
    var place = 0
    while place < text.count {
      var word: UInt64 = 0
      let end = min(text.count, place &+ 8)
      while place < end {
        word = word &<< 8 | UInt64(text[place])
        place &+= 1
      }
      let product = (state ^ word).multipliedFullWidth(by: secret.factor)
      state = product.high ^ product.low &+ secret.start
    }
    let product = (state ^ secret.factor).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return max(1, product.high ^ product.low)
  }
}
