package import Compression

/// Encodes columns of texts that are numbers of one table, in which every text stands once: which
/// values are the same is seen by their numbers, and bytes are looked at once for each entry.
package struct SectionTextEncoder {
  private let compressor: ZstdCompressor
  /// For each text of the table its entry in the column in hand and one; 0 between two columns.
  private var entryOfText: [UInt32] = []

  package init(_ compressor: ZstdCompressor) { self.compressor = compressor }

  /// A column of these numbers. Text n of the table ends in `source` at `ends[n]`, where the next begins.
  package mutating func encode(
    _ texts: Span<UInt32>, ends: Span<Int>, in source: Span<UInt8>
  ) -> SectionTexts {
    guard let distinct = distinct(texts, ends) else {
      var places: [TextPlace] = []
      places.reserveCapacity(texts.count)
      for index in texts.indices { places.append(Self.place(of: texts[index], ends)) }
      return .blocks(TextBlocks.encode(places.span, in: source, compressor))
    }
    let (lexicon, codeOfEntry) = Self.sorted(distinct.table, ends, in: source)
    var codes = distinct.entries
    for index in codes.indices { codes[index] = codeOfEntry[Int(codes[index])] }
    return .dictionary(
      codes: CodeBlocks.encode(codes.span, limit: lexicon.count),
      lexicon: lexicon.encoded(compressor))
  }

  /// The entry of each value, and the text of each entry, if these are at most 65,536, 16 MiB and half
  /// as many as the values.
  private mutating func distinct(
    _ texts: Span<UInt32>, _ ends: Span<Int>
  ) -> (entries: [UInt32], table: [UInt32])? {
    guard !texts.isEmpty else { return nil }
    let most = min(TextLexicon.mostEntries, texts.count / 2)
    if entryOfText.count < ends.count {
      entryOfText += repeatElement(0, count: ends.count - entryOfText.count)
    }
    var entries: [UInt32] = []
    entries.reserveCapacity(texts.count)
    var table: [UInt32] = []
    var byteCount = 0
    defer { for text in table { entryOfText[Int(text)] = 0 } }
    for index in texts.indices {
      let text = texts[index]
      let known = entryOfText[Int(text)]
      if known > 0 {
        entries.append(known &- 1)
        continue
      }
      entries.append(UInt32(table.count))
      table.append(text)
      entryOfText[Int(text)] = UInt32(table.count)
      byteCount += Int(Self.place(of: text, ends).count)
      if table.count > most || byteCount > TextLexicon.mostBytes { return nil }
    }
    return (entries, table)
  }

  private static func place(of text: UInt32, _ ends: Span<Int>) -> TextPlace {
    let start = text == 0 ? 0 : ends[Int(text) &- 1]
    return TextPlace(offset: start, count: ends[Int(text)] &- start)
  }

  /// A text to be sorted: most are told apart by how they begin.
  private struct Candidate {
    let beginning: UInt64
    let place: TextPlace
    let entry: UInt32
  }

  /// The dictionary, and the code in it of each entry.
  private static func sorted(
    _ table: [UInt32], _ ends: Span<Int>, in source: Span<UInt8>
  ) -> (TextLexicon, codeOfEntry: [UInt32]) {
    var candidates: [Candidate] = []
    candidates.reserveCapacity(table.count)
    for entry in table.indices {
      let place = place(of: table[entry], ends)
      candidates.append(
        Candidate(
          beginning: beginning(of: place.range, in: source), place: place, entry: UInt32(entry)))
    }
    candidates.sort {
      $0.beginning != $1.beginning
        ? $0.beginning < $1.beginning
        : TextOrder.precedes($0.place.range, $1.place.range, in: source)
    }
    var codeOfEntry = [UInt32](repeating: 0, count: table.count)
    var texts = TextRows()
    for (code, candidate) in candidates.enumerated() {
      codeOfEntry[Int(candidate.entry)] = UInt32(code)
      texts.append(source.extracting(candidate.place.range))
    }
    guard let lexicon = try? TextLexicon(ascending: texts) else {  // It was sorted just now.
      preconditionFailure("sorted texts do not ascend")
    }
    return (lexicon, codeOfEntry)
  }

  /// The first eight bytes as a number that orders as they do; shorter texts are filled up with zeros.
  private static func beginning(of range: Range<Int>, in source: Span<UInt8>) -> UInt64 {
    var word: UInt64 = 0
    var offset = 0
    while offset < 8 {
      word = word &<< 8
      if offset < range.count { word |= UInt64(source[range.lowerBound &+ offset]) }
      offset &+= 1
    }
    return word
  }
}
