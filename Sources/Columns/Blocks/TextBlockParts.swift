internal import Compression
private import Platform

/// What a block of texts consists of, each part checked to be there.
struct TextBlockParts {
  let count: Int
  private let block: Int
  /// The pattern of each text from 1, or 0; where they differ.
  private(set) var choices: [UInt8] = []
  private(set) var onlyChoice: UInt8 = 0
  /// By pattern: where its digits lie, or its numbers.
  private(set) var digits: [Range<Int>] = []
  private(set) var numbers: [[Int64]] = []
  private var room = 0
  private var place = 1
  private(set) var plainCount = 0
  private(set) var plainLengths: [Int64] = []
  private(set) var plain: [UInt8] = []

  init(
    _ bytes: Span<UInt8>, count: Int, patterns: [TextPattern], block: Int
  ) throws(BlockProblem) {
    self.count = count
    self.block = block
    guard !bytes.isEmpty else { throw .badBlock(block) }
    var counts = [Int](repeating: 0, count: patterns.count + 1)
    if bytes[0] == TextBlocks.mixed {
      choices = try Self.choices(bytes, count, patterns: patterns.count, block: block, at: &place)
      for choice in choices { counts[Int(choice)] += 1 }
    } else {
      onlyChoice = bytes[0]
      guard Int(onlyChoice) <= patterns.count else { throw .badBlock(block) }
      counts[Int(onlyChoice)] = count
    }
    plainCount = counts[0]
    for (pattern, count) in zip(patterns, counts.dropFirst()) {
      room += count * pattern.longestText
      try readDigits(bytes, pattern, count)
    }
  }

  private static func choices(
    _ bytes: Span<UInt8>, _ count: Int, patterns: Int, block: Int, at place: inout Int
  ) throws(BlockProblem) -> [UInt8] {
    let width = TextBlocks.choiceWidth(patterns: patterns)
    let byteCount = BackToBack.byteCount(of: count, width: width)
    guard byteCount <= bytes.count - place else { throw .badBlock(block) }
    let packed = bytes.extracting(place..<(place + byteCount))
    place += byteCount
    var largest: UInt8 = 0
    let choices = [UInt8](capacity: count) { output in
      for index in 0..<count {
        let choice = UInt8(BackToBack.value(at: index, width: width, of: packed))
        largest = max(largest, choice)
        output.append(choice)
      }
    }
    guard Int(largest) <= patterns else { throw .badBlock(block) }
    return choices
  }

  private mutating func readDigits(
    _ bytes: Span<UInt8>, _ pattern: TextPattern, _ count: Int
  ) throws(BlockProblem) {
    guard pattern.kind == .decimal, count > 0 else {
      let byteCount = count * pattern.packedCount
      guard byteCount <= bytes.count - place else { throw .badBlock(block) }
      digits.append(place..<(place + byteCount))
      numbers.append([])
      place += byteCount
      return
    }
    let values = try readIntegers(bytes, count)
    let limit = pattern.decimalLimit
    for value in values where value < 0 || value >= limit { throw .badBlock(block) }
    digits.append(0..<0)
    numbers.append(values)
  }

  private mutating func readIntegers(
    _ bytes: Span<UInt8>, _ count: Int
  ) throws(BlockProblem) -> [Int64] {
    guard let packed = PackedBlock(bytes, at: place, count: count) else { throw .badBlock(block) }
    place = packed.range.upperBound
    var values = [Int64](repeating: 0, count: count)
    var target = values.mutableSpan
    packed.decode(bytes, into: &target)
    return values
  }

  mutating func readPlain(
    _ bytes: Span<UInt8>, _ decompressor: ZstdDecompressor
  ) throws(BlockProblem) {
    guard plainCount > 0 else { return }
    plainLengths = try readIntegers(bytes, plainCount)
    var total = 0
    for length in plainLengths {
      guard 0...Int64(TextBlocks.mostPlainBytes) ~= length else { throw .badTexts(block: block) }
      total += Int(length)
    }
    guard total <= TextBlocks.mostPlainBytes, place + 4 <= bytes.count
    else { throw .badTexts(block: block) }
    let size = UInt32(halfWord(bytes, at: place))
    let byteCount = Int(size & ~TextBlocks.compressedFlag)
    place += 4
    guard byteCount <= bytes.count - place else { throw .badTexts(block: block) }
    let stored = bytes.extracting(place..<(place + byteCount))
    if size & TextBlocks.compressedFlag == 0 {
      guard total == byteCount else { throw .badTexts(block: block) }
      plain = [UInt8](stored)
    } else {
      do throws(CompressionError) {
        plain = try decompressor.decompress(stored, exactSize: total, limit: total)
      } catch {
        throw .badTexts(block: block)
      }
    }
    room += total
  }

  /// Writes the texts of all patterns, and the plain ones between them.
  func spell(_ bytes: Span<UInt8>, _ patterns: [TextPattern], into texts: inout TextRows) {
    var spellings = patterns.indices.map { TextSpelling(patterns[$0], at: digits[$0].lowerBound) }
    let slack = TextPattern.longestPrefix
    if choices.isEmpty {
      let pattern = Int(onlyChoice) - 1
      var spelling = spellings[pattern]
      let numbers = numbers[pattern]
      unsafe texts.append(atMost: room + slack, texts: count) { target, ends in
        var end = 0
        // SAFETY: `room` is the sum of what each text needs at most; a prefix may write 32 bytes.
        for row in 0..<count {
          let number = spelling.isDecimal ? numbers[row] : 0
          end &+= unsafe spelling.next(bytes, number, to: target + end)
          ends.append(end)
        }
      }
      return
    }
    var nextPlain = 0
    var plainStart = 0
    unsafe texts.append(atMost: room + slack, texts: count) { target, ends in
      var end = 0
      for choice in choices {
        // SAFETY: as above.
        if choice == 0 {
          let length = Int(plainLengths[nextPlain])
          for index in 0..<length {
            unsafe target[end &+ index] = plain[plainStart &+ index]
          }
          nextPlain += 1
          plainStart += length
          end += length
        } else {
          let pattern = Int(choice) - 1
          let index = spellings[pattern].index
          let number = spellings[pattern].isDecimal ? numbers[pattern][index] : 0
          end += unsafe spellings[pattern].next(bytes, number, to: target + end)
        }
        ends.append(end)
      }
    }
  }
}
