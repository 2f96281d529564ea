import Patterns

/// The bytes up to the first that no UTF-8 has are a pattern, the rest is a text: what compiles
/// answers, the same by itself, among others, and with everything in a group.
@Sendable func fuzzPatterns(_ lent: Span<UInt8>) {
  var bytes: [UInt8] = []
  for index in lent.indices { bytes.append(lent[index]) }
  let end = bytes.firstIndex(of: 0xFF) ?? bytes.count
  let source = String(decoding: bytes[..<end], as: UTF8.self)
  let text = Array(bytes[end...].dropFirst())
  for ignoresCase in [false, true] {
    if let glob = try? CompiledPattern(glob: source, ignoringCase: ignoresCase) {
      _ = check(glob, text)
    }
    guard
      let pattern = try? CompiledPattern(regularExpression: source, ignoringCase: ignoresCase)
    else { continue }
    let isFound = check(pattern, text)
    // A choice has no literal that could be looked for first.
    guard !source.hasPrefix("(?i)"),
      let choice = try? CompiledPattern(
        regularExpression: "(?:\(source)|\(source))", ignoringCase: ignoresCase)
    else { continue }
    precondition(check(choice, text) == isFound, "the short way found something else")
  }
}

private func check(_ pattern: CompiledPattern, _ text: [UInt8]) -> Bool {
  var matcher = Matcher(pattern)
  let isFound = matcher.matches(text.span)
  let offsets = [0, UInt32(text.count), UInt32(text.count)]
  var hits = [false, false]
  var span = hits.mutableSpan
  matcher.match(text.span, offsets: offsets.span, into: &span)
  precondition(hits[0] == isFound, "another answer with experience")
  return isFound
}
