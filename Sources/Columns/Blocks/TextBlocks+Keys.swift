package import Compression

extension TextBlocks {
  /// Appends the keys of a block's texts. Digits that are packed as keys have them are not spelled.
  package func appendKeys(
    ofBlock block: Int, of piece: Span<UInt8>, _ decompressor: ZstdDecompressor, by key: TextKey,
    to keys: inout [UInt64]
  ) throws(BlockProblem) {
    let bytes = piece.extracting(try range(ofBlock: block, in: piece))
    let parts = try parts(of: bytes, block, decompressor)
    if parts.appendKeys(bytes, patterns, by: key, to: &keys) { return }
    var texts = TextRows()
    parts.spell(bytes, patterns, into: &texts)
    let spelled = texts.bytes
    for index in 0..<texts.count {
      keys.append(key.key(of: spelled.span.extracting(texts.range(of: index))))
    }
  }
}

extension TextBlockParts {
  /// False, and nothing done, where digits have to be spelled.
  fileprivate func appendKeys(
    _ bytes: Span<UInt8>, _ patterns: [TextPattern], by key: TextKey, to keys: inout [UInt64]
  ) -> Bool {
    var prefixes: [TextKey.Prefix] = []
    for pattern in patterns.indices {
      guard let prefix = key.prefix(of: patterns[pattern]) else {
        // None of these texts: any prefix will do.
        guard numbers[pattern].isEmpty, digits[pattern].isEmpty else { return false }
        prefixes.append(.none)
        continue
      }
      prefixes.append(prefix)
    }
    if choices.isEmpty && onlyChoice > 0 {
      let pattern = Int(onlyChoice) - 1
      Self.append(prefixes[pattern], count, bytes, at: digits[pattern].lowerBound, key, to: &keys)
    } else {
      appendMixed(bytes, prefixes, by: key, to: &keys)
    }
    return true
  }

  private static func append(
    _ prefix: TextKey.Prefix, _ count: Int, _ bytes: Span<UInt8>, at first: Int, _ key: TextKey,
    to keys: inout [UInt64]
  ) {
    keys.append(addingCapacity: count) { output in
      var place = first
      for _ in 0..<count {
        output.append(key.key(behind: prefix, bytes, at: place))
        place &+= 8 &* prefix.words
      }
    }
  }

  private func appendMixed(
    _ bytes: Span<UInt8>, _ prefixes: [TextKey.Prefix], by key: TextKey, to keys: inout [UInt64]
  ) {
    var places = digits.map(\.lowerBound)
    var nextPlain = 0
    var plainStart = 0
    for index in 0..<count {
      let choice = choices.isEmpty ? 0 : Int(choices[index])
      if choice == 0 {
        let length = Int(plainLengths[nextPlain])
        keys.append(key.key(of: plain.span.extracting(plainStart..<(plainStart + length))))
        nextPlain += 1
        plainStart += length
      } else {
        keys.append(key.key(behind: prefixes[choice - 1], bytes, at: places[choice - 1]))
        places[choice - 1] += 8 * prefixes[choice - 1].words
      }
    }
  }
}
