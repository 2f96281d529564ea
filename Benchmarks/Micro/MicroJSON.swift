import JSON

/// Steps over every event of an NDJSON file, walks them as a dialect does, and reads and writes them as
/// values. Beside it: `Benchmarks/json/simdjson.cpp` on the same file.
@Sendable func benchmarkJSON(_ arguments: [String]) throws {
  guard let path = arguments.first else { fatalError("usage: micro json <events.ndjson>") }
  let bytes = readFile(path)
  let lines = lines(of: bytes)
  let span = bytes.span
  print("\(bytes.count) bytes, \(lines.count) lines")
  try measure("skip", bytes: bytes.count, items: lines.count) {
    var end = 0
    for line in lines {
      var cursor = JSONCursor(at: line.lowerBound)
      end &+= try cursor.skip(span).upperBound
    }
    precondition(end != 0)
  }
  try measure("walk", bytes: bytes.count, items: lines.count) {
    var walk = Walk()
    for line in lines { try walk.event(span, at: line.lowerBound) }
    precondition(walk.texts > lines.count)
  }
  try measure("values", bytes: bytes.count, items: lines.count) {
    for line in lines {
      var cursor = JSONCursor(at: line.lowerBound)
      _ = try cursor.value(span)
    }
  }
  var cursor = JSONCursor(at: lines[0].lowerBound)
  let value = try cursor.value(span)
  var writer = JSONWriter(capacity: 1 << 10)
  measure("write", bytes: lines[0].count * 10_000, items: 10_000) {
    for _ in 0..<10_000 {
      writer = JSONWriter(capacity: 1 << 10)
      writer.value(value)
    }
  }
  try measureNumbers()
  let word = "\u{441}\u{43E}\u{431}\u{44B}\u{442}\u{438}\u{435} "
  try measureSkip(
    "skip Cyrillic", of: .array(Array(repeating: .string(word + word), count: 20_000)))
  let kanji = JSONValue.string("\u{4E8B}\u{4EF6}\u{540D}\u{79F0}\u{30A4}\u{30D9}\u{30F3}\u{30C8}")
  try measureSkip("skip Chinese", of: .array(Array(repeating: kanji, count: 20_000)))
}

private func measureSkip(_ label: String, of value: JSONValue) throws {
  let bytes = value.bytes
  try measure(label, bytes: bytes.count, items: value.array?.count ?? 1) {
    var cursor = JSONCursor()
    try cursor.finish(bytes.span)
  }
}

/// Doubles as programs print them, most of them with 16 or 17 digits: the slow way to round.
private func measureNumbers() throws {
  var writer = JSONWriter()
  writer.beginArray()
  for index in 1...100_000 { writer.double(1 / Double(index)) }
  writer.endArray()
  let bytes = writer.bytes
  try measure("doubles", bytes: bytes.count, items: 100_000) {
    var cursor = JSONCursor()
    var sum = 0.0
    try cursor.enterArray(bytes.span)
    while try cursor.nextElement(bytes.span) { sum += try cursor.number(bytes.span).double }
    precondition(sum > 12)
  }
}

/// What a dialect does with an event, without its last step: it knows the keys of the envelope and
/// goes through the properties whatever they are.
private struct Walk {
  var texts = 0
  var numbers = 0.0

  mutating func event(_ bytes: Span<UInt8>, at start: Int) throws(JSONError) {
    var cursor = JSONCursor(at: start)
    try cursor.enterObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      if key.equals("event_id", in: bytes) || key.equals("project_id", in: bytes)
        || key.equals("event_name", in: bytes) || key.equals("profile_id", in: bytes)
        || key.equals("device_id", in: bytes) || key.equals("session_id", in: bytes)
      {
        texts &+= try cursor.text(bytes).utf8Count(in: bytes)
      } else if key.equals("cts", in: bytes) {
        numbers += try cursor.number(bytes).double
      } else if key.equals("props", in: bytes) || key.equals("ctx", in: bytes) {
        try properties(&cursor, bytes)
      }
    }
  }

  private mutating func properties(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(JSONError) {
    try cursor.enterObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      texts &+= key.utf8Count(in: bytes)
      switch try cursor.peek(bytes) {
      case .string: texts &+= try cursor.text(bytes).utf8Count(in: bytes)
      case .number: numbers += try cursor.number(bytes).double
      default: try cursor.skip(bytes)
      }
    }
  }
}
