import Patterns

/// Asks 100,000 paths, and one text of a megabyte, for patterns of each plan.
@Sendable func benchmarkPatterns(_ arguments: [String]) throws {
  var paths: [UInt8] = []
  var offsets: [UInt32] = [0]
  for number in 0..<100_000 {
    let section = ["blog", "docs", "shop", "pricing", "about"][number % 5]
    let page = UInt32(truncatingIfNeeded: number &* 2_654_435_761) >> 12
    paths.append(contentsOf: "/en/\(section)/page-\(page)/details.html".utf8)
    offsets.append(UInt32(paths.count))
  }
  let text = Array(paths[..<1_000_000])
  for (label, pattern) in [
    ("text anywhere", try CompiledPattern(regularExpression: "page-77")),
    ("text at the start", try CompiledPattern(regularExpression: "^/en/shop/")),
    ("text ignoring case", try CompiledPattern(regularExpression: "PAGE-77", ignoringCase: true)),
    ("glob", try CompiledPattern(glob: "/en/*/page-7*/*.html")),
    ("class and count", try CompiledPattern(regularExpression: "page-[0-9]{3}/")),
    ("alternatives", try CompiledPattern(regularExpression: "(blog|shop)/page-(12|34)")),
    ("words", try CompiledPattern(regularExpression: "\\bdetail\\b")),
    ("without any text", try CompiledPattern(regularExpression: "[a-p].{12}[XYZ]")),
  ] {
    var matcher = Matcher(pattern)
    var hits = [Bool](repeating: false, count: offsets.count - 1)
    measure("\(label), paths", bytes: paths.count, items: hits.count) {
      var span = hits.mutableSpan
      matcher.match(paths.span, offsets: offsets.span, into: &span)
    }
    let count = hits.count { $0 }
    print("  \(count) hits")
    measure("  in a long text", bytes: text.count, items: text.count) {
      _ = matcher.matches(text.span)
    }
  }
}
