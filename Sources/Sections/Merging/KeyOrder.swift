// Words of 16 entries of four bits, the first in the lowest: bits 0–2 the input, bit 3 left out.

/// From which input each of the merged keys comes, and so where each input's keys are among them: half a
/// byte a key, and a sixteenth of a place for each.
struct KeyOrder {
  private var words: [UInt64] = []
  private(set) var count = 0
  private(set) var droppedCount = 0
  /// By input: where its keys 0, 16, 32 and so on are.
  private var marks: [[UInt32]]
  private(set) var counts: [Int]
  /// How many of the entries before each 16 words are left out.
  private var droppedBefore: [UInt32] = []

  private static let ones: UInt64 = 0x1111_1111_1111_1111
  private static let wordsPerSum = 16

  init(inputs: Int) {
    marks = Array(repeating: [], count: inputs)
    counts = Array(repeating: 0, count: inputs)
  }

  mutating func append(_ input: Int, isDropped: Bool) {
    let place = count & 15
    if place == 0 {
      if words.count % Self.wordsPerSum == 0 {
        droppedBefore.append(UInt32(truncatingIfNeeded: droppedCount))
      }
      words.append(0)
    }
    let entry = UInt64(truncatingIfNeeded: input) | (isDropped ? 8 : 0)
    words[words.count &- 1] |= entry &<< UInt64(truncatingIfNeeded: place &* 4)
    if counts[input] & 15 == 0 { marks[input].append(UInt32(truncatingIfNeeded: count)) }
    counts[input] &+= 1
    count &+= 1
    if isDropped { droppedCount &+= 1 }
  }

  /// The place in the result of a key that is kept: number `key` of this input, which is below its count.
  @inline(__always)
  func place(of key: Int, input: Int) -> Int {
    let entry = entry(of: key, input: input)
    return droppedCount == 0 ? entry : entry &- dropped(before: entry)
  }

  @inline(__always)
  private func entry(of key: Int, input: Int) -> Int {
    let start = Int(marks[input][key &>> 4])
    var rest = key & 15
    if rest == 0 { return start }
    let pattern = Self.ones &* UInt64(truncatingIfNeeded: input)
    var word = start &>> 4
    // The entries behind `start` in its word, then word after word.
    let upTo = (UInt64(2) &<< UInt64(truncatingIfNeeded: (start & 15) &* 4)) &- 1
    var found = Self.matches(words[word], pattern) & ~upTo
    while true {
      let here = found.nonzeroBitCount
      if rest <= here { break }
      rest &-= here
      word &+= 1
      found = Self.matches(words[word], pattern)
    }
    while rest > 1 {
      found &= found &- 1
      rest &-= 1
    }
    return word &<< 4 | found.trailingZeroBitCount &>> 2
  }

  /// A bit at the start of each entry of this input.
  @inline(__always)
  private static func matches(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    let difference = word ^ pattern
    return ~(difference | difference &>> 1 | difference &>> 2) & ones
  }

  private func dropped(before entry: Int) -> Int {
    let last = entry &>> 4
    var word = last & ~(Self.wordsPerSum &- 1)
    var sum = Int(droppedBefore[word / Self.wordsPerSum])
    while word < last {
      sum &+= (words[word] & 0x8888_8888_8888_8888).nonzeroBitCount
      word &+= 1
    }
    let below = (1 &<< UInt64(truncatingIfNeeded: (entry & 15) &* 4)) &- 1 as UInt64
    return sum &+ (words[last] & 0x8888_8888_8888_8888 & below).nonzeroBitCount
  }
}
