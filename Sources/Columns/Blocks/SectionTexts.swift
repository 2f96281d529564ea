package import Compression

/// How a column of texts is stored: as codes of a dictionary wherever that is small enough to stay in
/// memory, because filters and groups then work on codes; else as blocks of texts.
package enum SectionTexts: Sendable {
  case dictionary(codes: EncodedColumn, lexicon: EncodedColumn)
  case blocks(EncodedColumn)

  package var byteCount: Int {
    switch self {
    case .dictionary(let codes, let lexicon): codes.byteCount + lexicon.byteCount
    case .blocks(let blocks): blocks.byteCount
    }
  }

  package static func encode(
    _ texts: Span<TextPlace>, in source: Span<UInt8>, _ compressor: ZstdCompressor
  ) -> SectionTexts {
    guard let distinct = DistinctTexts(texts, in: source) else {
      return .blocks(TextBlocks.encode(texts, in: source, compressor))
    }
    let (lexicon, codeOfEntry) = distinct.sorted(in: source)
    let codes = distinct.entries.map { codeOfEntry[Int($0)] }
    return .dictionary(
      codes: CodeBlocks.encode(codes.span, limit: lexicon.count),
      lexicon: lexicon.encoded(compressor))
  }
}

/// The distinct texts of a column, if they are at most 65,536, 16 MiB and half as many as its values.
struct DistinctTexts {
  /// The entry of each value.
  private(set) var entries: [UInt32] = []
  /// Where each entry was first met, and its hash.
  private var places: [TextPlace] = []
  private var hashes: [UInt64] = []
  private var byteCount = 0
  /// Entry numbers from 1, or 0; a power of two, at most half full.
  private var slots = [UInt32](repeating: 0, count: 1024)

  init?(_ texts: Span<TextPlace>, in source: Span<UInt8>) {
    guard !texts.isEmpty else { return nil }
    let most = min(TextLexicon.mostEntries, texts.count / 2)
    entries.reserveCapacity(texts.count)
    for index in texts.indices {
      entries.append(entry(of: texts[index], in: source))
      guard places.count <= most, byteCount <= TextLexicon.mostBytes else { return nil }
    }
  }

  private mutating func entry(of place: TextPlace, in source: Span<UInt8>) -> UInt32 {
    let hash = TextHash.hash(source, in: place.range)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    while slots[slot] != 0 {
      let entry = slots[slot] &- 1
      if hashes[Int(entry)] == hash,
        TextOrder.compare(
          source.extracting(places[Int(entry)].range), source.extracting(place.range)) == 0
      {
        return entry
      }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    places.append(place)
    hashes.append(hash)
    byteCount += Int(place.count)
    slots[slot] = UInt32(places.count)
    if places.count * 2 > slots.count { grow() }
    return UInt32(places.count - 1)
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (entry, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(entry + 1)
    }
  }

  /// The dictionary, and the code in it of each entry.
  func sorted(in source: Span<UInt8>) -> (TextLexicon, codeOfEntry: [UInt32]) {
    var order = Array(places.indices)
    order.sort { TextOrder.precedes(places[$0].range, places[$1].range, in: source) }
    var codeOfEntry = [UInt32](repeating: 0, count: order.count)
    var texts = TextRows()
    for (code, entry) in order.enumerated() {
      codeOfEntry[entry] = UInt32(code)
      texts.append(source.extracting(places[entry].range))
    }
    guard let lexicon = try? TextLexicon(ascending: texts) else {  // It was sorted just now.
      preconditionFailure("sorted texts do not ascend")
    }
    return (lexicon, codeOfEntry)
  }
}
