import Columns
import Sections

/// Keys in the place of the ids of sessions (`TextKey`), so that no id has to be kept. They are made one
/// for each change of the id, and not for each row.
struct SessionKeys {
  private let key: TextKey
  private var texts: TextCursor
  private var ofCode: [UInt64] = []
  /// Without a dictionary: of the texts of the block that was read last.
  private var ofBlock: [UInt64] = []
  private var block = -1
  private var keys: [UInt64] = []

  init(_ key: TextKey, of reader: BlockReader) throws(SectionProblem) {
    self.key = key
    texts = try reader.section.texts(of: .session, reader.decompressor)
    guard let lexicon = texts.lexicon?.texts else { return }
    let bytes = lexicon.bytes
    for code in 0..<lexicon.count {
      ofCode.append(key.key(of: bytes.span.extracting(lexicon.range(of: code))))
    }
  }

  /// The keys of the rows of the reader's block; 0 is none.
  mutating func load(
    _ reader: BlockReader, into rows: UnsafeMutablePointer<UInt64>
  ) throws(SectionProblem) {
    let runs = try reader.runs(of: .session)
    try read(runs.values)
    guard runs.starts.count == keys.count else { throw .column("ids of a block") }
    // SAFETY: there is room for a block's rows.
    var rows = unsafe MutableSpan(_unsafeStart: rows, count: reader.count)
    runs.expand(keys.span, into: &rows)
  }

  private mutating func read(_ entries: Range<Int>) throws(SectionProblem) {
    guard entries.upperBound <= texts.count, entries.count <= Section.blockRows else {
      throw .column("ids of a block")
    }
    keys.removeAll(keepingCapacity: true)
    var entry = entries.lowerBound
    while entry < entries.upperBound {
      let first = entry % Section.blockRows
      let count = min(try load(entry / Section.blockRows) - first, entries.upperBound - entry)
      guard count > 0 else { throw .column("ids of a block") }
      if texts.lexicon == nil {
        keys.append(contentsOf: ofBlock[first..<(first + count)])
      } else {
        for code in texts.codeValues[first..<(first + count)] { keys.append(ofCode[Int(code)]) }
      }
      entry += count
    }
  }

  private mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if texts.lexicon != nil { return try texts.load(block) }
    if block != self.block {
      self.block = -1
      ofBlock.removeAll(keepingCapacity: true)
      try texts.appendKeys(ofBlock: block, by: key, to: &ofBlock)
      self.block = block
    }
    return ofBlock.count
  }
}
