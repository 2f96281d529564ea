import Columns
import Compression

/// Writes and reads a million values of each kind of a section's columns, block by block.
@Sendable func benchmarkColumns(_ arguments: [String]) throws {
  let count = 1000 * 1024
  benchmarkLanes(count)
  try benchmarkNumbers(count)
  try benchmarkTexts(count)
}

private func benchmarkLanes(_ count: Int) {
  for width in [1, 6, 15, 20, 30] {
    let values = (0..<1024).map { row in
      UInt32(truncatingIfNeeded: row &* 2_654_435_761) >> (32 - UInt32(width))
    }
    var packed: [UInt8] = []
    measureValues("lanes of \(width) bits, pack", count) {
      packed.removeAll(keepingCapacity: true)
      for _ in 0..<(count / 1024) { Lanes.pack(values.span, width: width, appendingTo: &packed) }
    }
    let bytes = packed
    let size = Lanes.byteCount(width: width)
    func block(_ index: Int) -> Range<Int> { (index * size)..<((index + 1) * size) }
    var words = [UInt32](repeating: 0, count: 1024)
    measureValues("  unpack to 32 bits", count) {
      var target = words.mutableSpan
      for index in 0..<(count / 1024) {
        Lanes.unpack(bytes.span.extracting(block(index)), width: width, into: &target)
      }
    }
    var wide = [Int64](repeating: 0, count: 1024)
    measureValues("  unpack to 64 bits", count) {
      var target = wide.mutableSpan
      for index in 0..<(count / 1024) {
        Lanes.unpack(bytes.span.extracting(block(index)), width: width, adding: 5, into: &target)
      }
    }
    guard width <= 8 else { continue }
    var octets = [UInt8](repeating: 0, count: 1024)
    measureValues("  unpack to 8 bits", count) {
      var target = octets.mutableSpan
      for index in 0..<(count / 1024) {
        Lanes.unpack(bytes.span.extracting(block(index)), width: width, into: &target)
      }
    }
  }
}

private func benchmarkNumbers(_ count: Int) throws {
  var state: UInt64 = 42
  func random(below limit: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % limit
  }
  let times = (0..<count).map { _ in 1_700_000_000_000 + Int64(random(below: 1 << 30)) }
  let integers = report("times", count) { IntegerBlocks.encode(times.span) }
  let integerReader = try IntegerBlocks(head: integers.head.span)
  var numbers = [Int64](repeating: 0, count: 1024)
  try measureBlocks("  read", integers, count) { block, piece in
    var target = numbers.mutableSpan
    try integerReader.decode(block, of: piece, into: &target)
  }
  let names = (0..<count).map { _ in UInt32(random(below: 37)) }
  let codes = report("codes below 37", count) { CodeBlocks.encode(names.span, limit: 37) }
  let codeReader = try CodeBlocks(head: codes.head.span)
  var words = [UInt32](repeating: 0, count: 1024)
  try measureBlocks("  read to 32 bits, checked", codes, count) { block, piece in
    var target = words.mutableSpan
    try codeReader.decode(block, of: piece, into: &target)
  }
  var octets = [UInt8](repeating: 0, count: 1024)
  try measureBlocks("  read to 8 bits, checked", codes, count) { block, piece in
    var target = octets.mutableSpan
    try codeReader.decode(block, of: piece, into: &target)
  }
  let prices = (0..<count).map { _ in Double(random(below: 1 << 22)) / 100 }
  let thirds = prices.map { $0 / 3 }
  for (label, values) in [("prices", prices), ("doubles that are no decimals", thirds)] {
    let doubles = report(label, count) { DoubleBlocks.encode(values.span) }
    let reader = try DoubleBlocks(head: doubles.head.span)
    var buffer = [Double](repeating: 0, count: 1024)
    try measureBlocks("  read", doubles, count) { block, piece in
      var target = buffer.mutableSpan
      try reader.decode(block, of: piece, into: &target)
    }
  }
  for every: UInt64 in [4, 30] {
    let isChange = (0..<count).map { _ in random(below: every) == 0 }
    let changes = report("changes, one row in \(every)", count) {
      ChangeBlocks.encode(isChange.span)
    }
    let reader = try ChangeBlocks(head: changes.head.span)
    var runs = ChangeRuns()
    try measureBlocks("  read and expand", changes, count) { block, piece in
      try reader.decode(block, of: piece, into: &runs)
      var target = words.mutableSpan
      runs.expandIndices(into: &target)
    }
  }
}

private func benchmarkTexts(_ count: Int) throws {
  var state: UInt64 = 7
  func random() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 20
  }
  let (compressor, decompressor) = (ZstdCompressor(), ZstdDecompressor())
  let kinds: [(String, (Int) -> String)] = [
    (
      "hex",
      { _ in
        "s_" + String(String((1 << 44 | random()), radix: 16).suffix(8))
          + String(String((1 << 44 | random()), radix: 16).suffix(8))
      }
    ),
    ("user_integer", { _ in "user_\(random() % 400_000)" }),
    ("free texts", { "/products/\(random() % 977)/reviews?page=\(random() % 13)&row=\($0)" }),
  ]
  for (label, text) in kinds {
    let (source, places) = gathered(count, text)
    let column = report(label, count) {
      TextBlocks.encode(places.span, in: source.span, compressor)
    }
    let reader = try TextBlocks(head: column.head.span)
    var rows = TextRows()
    try measureBlocks("  read", column, count) { block, piece in
      rows.removeAll()
      try reader.decode(block, of: piece, decompressor, into: &rows)
    }
  }
  let (source, places) = gathered(20_000) { "/products/\($0)/reviews" }
  let ends = places.map { Int($0.offset) + Int($0.count) }
  let numbers = (0..<count).map { _ in UInt32(random() % 20_000) }
  var encoder = SectionTextEncoder(compressor)
  var texts = encoder.encode(numbers.span, ends: ends.span, in: source.span)
  measureValues("dictionary of 20,000 paths, write", count) {
    texts = encoder.encode(numbers.span, ends: ends.span, in: source.span)
  }
  guard case .dictionary(let codes, let lexicon) = texts else { fatalError("no dictionary") }
  print("  \(codes.byteCount) bytes of codes, \(lexicon.byteCount) of texts")
  try measureValues("  load, an entry", 20_000) {
    var loader = try TextLexicon.Loader(head: lexicon.head.span)
    for piece in lexicon.pieces { try loader.append(piece.bytes.span, decompressor) }
    let loaded = try loader.finish()
    precondition(loaded.count == 20_000)
  }
}

private func gathered(
  _ count: Int, _ text: (Int) -> String
) -> (source: [UInt8], places: [TextPlace]) {
  var source: [UInt8] = []
  let places = (0..<count).map { row in
    let start = source.count
    source.append(contentsOf: text(row).utf8)
    return TextPlace(offset: start, count: source.count - start)
  }
  return (source, places)
}

/// The best of several rounds, per value.
private func measureValues(
  _ label: String, _ count: Int, _ body: () throws -> Void
) rethrows {
  let clock = ContinuousClock()
  var best = Duration.seconds(1_000)
  for _ in 0..<7 { best = min(best, try clock.measure(body)) }
  let hundredths = Int((best / .nanoseconds(1) / Double(count) * 100).rounded())
  print("\(label): \(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10) ns a value")
}

private func report(
  _ label: String, _ count: Int, _ encode: () -> EncodedColumn
) -> EncodedColumn {
  var column = encode()
  measureValues("\(label), write", count) { column = encode() }
  print("  \(column.byteCount * 800 / count) hundredths of a bit a value")
  return column
}

private func measureBlocks(
  _ label: String, _ column: EncodedColumn, _ count: Int,
  _ read: (Int, Span<UInt8>) throws -> Void
) rethrows {
  try measureValues(label, count) {
    for piece in column.pieces {
      for block in piece.firstBlock..<(piece.firstBlock + piece.blockCount) {
        try read(block, piece.bytes.span)
      }
    }
  }
}
