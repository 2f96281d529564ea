import Columns
import Synchronization

/// What the leaves of a question's filters say of the entries of dictionaries: found out once, by
/// whichever thread is first, and shared by all.
final class LexiconVerdicts: Sendable {
  private struct Key: Hashable {
    let leaf: Int
    let section: Int
    /// -1 for `ctx`, below that the ids.
    let table: Int
    let column: Int
  }

  private let known = Mutex<[Key: [UInt8]]>([:])

  /// A leaf in one table of a section.
  struct Place {
    let verdicts: LexiconVerdicts
    let leaf: Int
    let section: Int
    let table: Int

    func verdicts(_ column: Int, _ make: () -> [UInt8]) -> [UInt8] {
      let key = Key(leaf: leaf, section: section, table: table, column: column)
      if let known = verdicts.known.withLock({ $0[key] }) { return known }
      let made = make()
      verdicts.known.withLock { $0[key] = made }
      return made
    }
  }

  /// Whether each text contains this one, which is not empty: found in all of them at once.
  static func verdicts(of texts: TextRows, containing part: [UInt8], isNot: Bool) -> [UInt8] {
    var verdicts = [UInt8](repeating: isNot ? 1 : 0, count: texts.count)
    let bytes = texts.bytes
    let search = ByteSearch(for: part)
    var code = 0
    var next = 0
    while let found = search.first(in: bytes.span, from: next) {
      while code < texts.count, texts.range(of: code).upperBound <= found { code += 1 }
      guard code < texts.count else { break }
      let end = texts.range(of: code).upperBound
      if found + part.count <= end {
        verdicts[code] = isNot ? 0 : 1
        next = end
      } else {
        next = found + 1
      }
    }
    return verdicts
  }

  static func verdicts(of texts: TextRows, _ passes: (Span<UInt8>) -> Bool) -> [UInt8] {
    let bytes = texts.bytes
    let span = bytes.span
    var verdicts: [UInt8] = []
    verdicts.reserveCapacity(texts.count)
    for code in 0..<texts.count {
      verdicts.append(passes(span.extracting(texts.range(of: code))) ? 1 : 0)
    }
    return verdicts
  }
}
