import Platform

// In a root:
//
//   u32         words
//   u64         first slot; absent without words, as all below
//   u8          shift, 0 to 63: a slot is 2^shift milliseconds
//   u64 × words bit i of word w: there is an id in slot first + 64 w + i

/// Which stretches of time a section has ids of. A section grows by what arrives, so nearly all its
/// ids are of the hours before it was sealed; this tells the few of older ones from a whole month.
struct IDTimeMap: Sendable, Equatable {
  let shift: UInt64
  let firstSlot: UInt64
  let words: [UInt64]

  /// A slot for every 32 ids: 0.004 bytes each.
  private static let idsPerSlot = 32
  private static let fewestSlots: UInt64 = 256

  /// Appends the numbers of those of `times` that may be here, given the oldest and newest that are.
  func choose(
    from times: [UInt64], within range: ClosedRange<Int64>?, into chosen: inout [UInt32]
  ) {
    guard let range, !words.isEmpty else { return }
    let oldest = UInt64(range.lowerBound)
    let width = UInt64(range.upperBound) &- oldest
    chosen.reserveCapacity(chosen.count + times.count)
    let (shift, firstSlot, slots) = (shift, firstSlot, UInt64(words.count * 64))
    let (words, times) = (words.span, times.span)
    chosen.append(addingCapacity: times.count) { output in
      var index = 0
      while index < times.count {
        let slot = times[index] &>> shift &- firstSlot
        if slot < slots, times[index] &- oldest <= width,
          words[Int(slot &>> 6)] &>> (slot & 63) & 1 == 1
        {
          output.append(UInt32(truncatingIfNeeded: index))
        }
        index &+= 1
      }
    }
  }
}

extension IDTimeMap {
  /// Collects times in fine slots, which are joined as the times turn out to lie apart.
  struct Builder {
    private var shift: UInt64 = 10
    private var words: [UInt64] = []
    /// The number of the first word's first slot, over 64.
    private var firstWord: UInt64 = 0
    /// At most so many words on the way, 128 KiB: a month in slots of 4 seconds.
    private static let mostWords: UInt64 = 16_384

    mutating func insert(_ milliseconds: UInt64) {
      var word = (milliseconds >> shift) >> 6
      if words.isEmpty {
        firstWord = word
        words = [0]
      }
      if word &- firstWord >= UInt64(words.count) {
        while max(word, lastWord) - min(word, firstWord) >= Self.mostWords {
          halve()
          word >>= 1
        }
        if word < firstWord {
          words.insert(contentsOf: repeatElement(0, count: Int(firstWord - word)), at: 0)
          firstWord = word
        } else if word > lastWord {
          words.append(contentsOf: repeatElement(0, count: Int(word - lastWord)))
        }
      }
      words[Int(word - firstWord)] |= 1 << (milliseconds >> shift & 63)
    }

    private var lastWord: UInt64 { firstWord + UInt64(words.count) - 1 }

    /// Joins each two neighbouring slots.
    private mutating func halve() {
      var joined = [UInt64](repeating: 0, count: Int(lastWord >> 1 - firstWord >> 1) + 1)
      for (index, word) in words.enumerated() {
        var pairs = (word | word >> 1) & 0x5555_5555_5555_5555
        var half: UInt64 = 0
        var bit: UInt64 = 0
        while pairs != 0 {  // Bit 2 i becomes bit i.
          half |= (pairs & 1) << bit
          pairs >>= 2
          bit += 1
        }
        let number = firstWord + UInt64(index)
        joined[Int(number >> 1 - firstWord >> 1)] |= half << (number & 1 * 32)
      }
      (words, firstWord, shift) = (joined, firstWord >> 1, shift + 1)
    }

    consuming func finish(count: Int) -> IDTimeMap {
      guard !words.isEmpty else { return IDTimeMap(shift: 0, firstSlot: 0, words: []) }
      let most = max(IDTimeMap.fewestSlots, UInt64(count / IDTimeMap.idsPerSlot)) / 64
      while words.count > max(1, most) { halve() }
      return IDTimeMap(shift: shift, firstSlot: firstWord * 64, words: words)
    }
  }

  init(from reader: inout ByteReader, _ bytes: Span<UInt8>) throws(SectionProblem) {
    let start = reader.position
    do {
      let count = Int(try reader.integer(UInt32.self, bytes))
      guard count <= (bytes.count - reader.position) / 8 else {
        throw SectionProblem.badRoot(at: start)
      }
      guard count > 0 else {
        self.init(shift: 0, firstSlot: 0, words: [])
        return
      }
      let firstSlot = try reader.integer(UInt64.self, bytes)
      let shift = UInt64(try reader.byte(bytes))
      guard shift <= 63 else { throw SectionProblem.badRoot(at: start) }
      var words: [UInt64] = []
      words.reserveCapacity(count)
      for _ in 0..<count { words.append(try reader.integer(UInt64.self, bytes)) }
      self.init(shift: shift, firstSlot: firstSlot, words: words)
    } catch {
      throw .badRoot(at: start)
    }
  }

  func append(to writer: inout ByteWriter) {
    writer.append(littleEndian: UInt32(words.count))
    guard !words.isEmpty else { return }
    writer.append(littleEndian: firstSlot)
    writer.append(UInt8(shift))
    for word in words { writer.append(littleEndian: word) }
  }
}
