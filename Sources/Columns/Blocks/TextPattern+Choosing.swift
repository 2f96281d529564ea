/// Which patterns a column of texts has, found out from a sample of them.
extension TextPattern {
  package static let mostPatterns = 15
  private static let sampleCount = 1024

  /// The patterns that are worth it, the most frequent one first.
  package static func patterns(
    of texts: Span<TextPlace>, in source: Span<UInt8>
  ) -> [TextPattern] {
    guard !texts.isEmpty else { return [] }
    let stride = max(1, texts.count / sampleCount)
    // A stride that divides a period of the data would see one of its phases only.
    let sample = Swift.stride(from: 0, to: texts.count, by: stride).enumerated().map {
      texts[min(texts.count - 1, $1 + $0 % stride)]
    }
    var votes: [TextPattern: Int] = [:]
    for place in sample {
      for pattern in candidates(source.extracting(place.range)) { votes[pattern, default: 0] += 1 }
    }
    // Fewer than one text in fifty is not worth the bits that the choice costs all others.
    let least = max(2, sample.count / 50)
    let ranked = votes.filter { $0.value >= least }.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.precedes($1.key)
    }
    return chosen(of: ranked.map(\.key), sample, in: source, least: least)
  }

  /// Those that still have texts of their own when the ones before have taken theirs.
  private static func chosen(
    of ranked: [TextPattern], _ sample: [TextPlace], in source: Span<UInt8>, least: Int
  ) -> [TextPattern] {
    var chosen: [TextPattern] = []
    var rest = sample
    for pattern in ranked where chosen.count < mostPatterns && rest.count >= least {
      var left: [TextPlace] = []
      for place in rest where !pattern.fits(source.extracting(place.range)) { left.append(place) }
      guard rest.count - left.count >= least else { continue }
      chosen.append(pattern)
      rest = left
    }
    return chosen
  }

  /// An order that does not depend on how a dictionary hashes: the same texts give the same bytes.
  private func precedes(_ other: TextPattern) -> Bool {
    if kind != other.kind { return kind.rawValue < other.kind.rawValue }
    if digits != other.digits { return digits < other.digits }
    return prefix.lexicographicallyPrecedes(other.prefix)
  }

  /// The patterns that a text may be of.
  private static func candidates(_ text: Span<UInt8>) -> [TextPattern] {
    var found: [TextPattern] = []
    func add(_ kind: Kind, digits: Int, length: Int) {
      guard text.count - length <= longestPrefix else { return }
      var pattern = TextPattern(kind: kind, digits: digits)
      pattern.prefix.append(0..<(text.count - length), of: text)
      found.append(pattern)
    }
    if text.count >= uuidLength {
      let tail = text.extracting(last: uuidLength)
      if isUUID(tail, isUpper: false) { add(.lowerUUID, digits: 0, length: uuidLength) }
      if isUUID(tail, isUpper: true) { add(.upperUUID, digits: 0, length: uuidLength) }
      if !found.isEmpty { return found }
    }
    let decimals = trailing(text) { $0 &- 0x30 < 10 }
    if 1...mostDecimals ~= decimals {
      if decimals == 1 || text[text.count - decimals] != 0x30 {
        add(.decimal, digits: 0, length: decimals)
      }
      add(.decimal, digits: decimals, length: decimals)
    }
    for isUpper in [false, true] {
      let digits = trailing(text) { isHex($0, isUpper: isUpper) }
      guard digits & 1 == 0, leastHexDigits...mostHexDigits ~= digits else { continue }
      add(isUpper ? .upperHex : .lowerHex, digits: digits, length: digits)
    }
    return found
  }

  private static func trailing(_ text: Span<UInt8>, _ belongs: (UInt8) -> Bool) -> Int {
    var count = 0
    while count < text.count, belongs(text[text.count - 1 - count]) { count += 1 }
    return count
  }
}
