import Columns
import Platform
import Testing

/// What a writer holds, as a reader sees it.
struct Body {
  var dense: [UInt8]
  var codes: [UInt8]
  var texts: [UInt8]

  init(_ write: (inout ColumnWriter) throws -> Void) rethrows {
    var writer = ColumnWriter()
    try write(&writer)
    dense = writer.dense
    codes = writer.codes
    texts = writer.texts
  }

  var bytes: [UInt8] { dense + codes + texts }

  var reader: ColumnReader {
    let codesStart = dense.count
    let textsStart = codesStart + codes.count
    return ColumnReader(
      dense: 0..<codesStart, codes: codesStart..<textsStart,
      texts: textsStart..<(textsStart + texts.count))
  }

  /// Decodes, and insists that nothing is left over.
  func decode<R>(_ body: (inout ColumnReader, [UInt8]) throws -> R) throws -> R {
    var reader = self.reader
    let result = try body(&reader, bytes)
    try reader.finish()
    return result
  }

  /// Calls `check` with this body cut at every byte of each region.
  func cutEverywhere(_ check: (Body) throws -> Void) rethrows {
    for region in [\Body.dense, \Body.codes, \Body.texts] {
      for end in 0..<self[keyPath: region].count {
        var cut = self
        cut[keyPath: region].removeSubrange(end...)
        try check(cut)
      }
    }
  }

  /// Decoding a cut body must throw, decoding a damaged one may; neither traps.
  func survivesDamage(
    seed: UInt64, _ decode: (inout ColumnReader, [UInt8]) throws -> Void
  ) {
    cutEverywhere { cut in
      #expect(throws: ColumnProblem.self) { try cut.decode(decode) }
    }
    var random = RandomGenerator(SeededRandom(seed: seed))
    for region in [\Body.dense, \Body.codes, \Body.texts] where !self[keyPath: region].isEmpty {
      for _ in 0..<100 {
        var damaged = self
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = damaged[keyPath: region].indices.randomElement(using: &random) ?? 0
          damaged[keyPath: region][place] = UInt8.random(in: 0...255, using: &random)
        }
        do { try damaged.decode(decode) } catch { #expect(error is ColumnProblem) }
      }
    }
  }
}

extension RandomGenerator {
  /// Numbers of every magnitude.
  mutating func integer() -> Int64 {
    Int64(bitPattern: next()) >> Int64.random(in: 0...63, using: &self)
  }
}
