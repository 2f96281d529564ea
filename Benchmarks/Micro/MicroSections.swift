import Batches
import Compression
import Crypto
import Events
import JSON
import Platform
import Sections

/// Makes sections of a project's events, and reads them again: bytes an event by column, and what each
/// step costs an event.
@Sendable func benchmarkSections(_ arguments: [String]) async throws {
  guard let path = arguments.first else {
    fatalError("usage: micro sections <events.ndjson> [project [oracle.json [question...]]]")
  }
  let project = arguments.count > 1 ? arguments[1] : "acme-web"
  let bytes = readFile(path)
  let marker = Array("\"project_id\":\"\(project)\"".utf8)
  let chosen = lines(of: bytes).filter { isIn(bytes, $0, marker) }
  var batches: [BatchColumns] = []
  var encoder = BatchEncoder()
  for start in stride(from: 0, to: chosen.count, by: 1_000) {
    let list = try records(
      Array(chosen[start..<min(start + 1_000, chosen.count)]), bytes, receivedAt: nil)
    let body = try encoder.encode(records: list.bytes.span, ends: list.ends.span)
    batches.append(try BatchColumns(decoding: body.bytes))
  }
  let events = chosen.count
  let name = try ProjectID(project)
  var made: [EncodedSection] = []
  measure("sort and lay out", bytes: 0, items: events) {
    var rows = BatchRows(
      secret: benchmarkSecret, windows: WindowRule(months: 0..<(1 << 47)))
    var known: Set<EventID> = []
    known.reserveCapacity(events)
    for batch in batches {
      rows.add(batch, from: "bench", clockShift: 0) { !known.insert(batch.core.ids[$0]).inserted }
    }
    made = rows.sections(project: name, seed: 7)
  }
  report(made, events: events)
  let sections = try made.map { try Section($0) }
  try measure("facts of people", bytes: 0, items: events) {
    for encoded in made { _ = try Section(encoded).facts() }
  }
  try measure("decode heads and times", bytes: 0, items: events) {
    for section in sections { try section.forEachBlock(of: 0..<section.blockCount) { _, _ in } }
  }
  try await benchmarkSeries(
    sections, oracle: arguments.count > 2 ? arguments[2] : nil, only: Array(arguments.dropFirst(3)))
}

private func report(_ sections: [EncodedSection], events: Int) {
  var groups: [(String, Int)] = []
  func add(_ name: String, _ places: [ColumnPlace]) {
    let bytes = places.reduce(0) { sum, place in
      sum + place.head.count + place.pieces.reduce(0) { $0 + Int($1.length) + 6 }
    }
    if let index = groups.firstIndex(where: { $0.0 == name }) {
      groups[index].1 += bytes
    } else {
      groups.append((name, bytes))
    }
  }
  for section in sections {
    let directory = section.directory
    for column in SectionColumn.allCases { add("\(column)", [directory[column]]) }
    for identity in Identity.allCases {
      let places = directory.identities[identity.rawValue]
      add("\(identity)", [places.changes, places.texts.values, places.texts.lexicon])
    }
    for (name, tables) in [("ctx", [directory.ctx]), ("props", directory.props)] {
      for table in tables {
        add("\(name) shapes", [table.shapeCodes])
        for column in table.columns {
          let field = directory.fields[Int(column.field)]
          add(
            "\(name).\(directory.keys[Int(field.key)])",
            [column.values.values, column.values.lexicon])
        }
      }
    }
  }
  let total = sections.reduce(0) { $0 + $1.byteCount + $1.directory.encoded.count }
  for (name, bytes) in groups where bytes * 100 > events {
    print("  \(name): \(Double(bytes * 100 / events) / 100) B an event")
  }
  print("\(sections.count) sections, \(Double(total * 100 / events) / 100) B an event (no ids)")
}

/// Any secret does for a benchmark.
let benchmarkSecret: ProjectSecret = {
  guard let secret = ProjectSecret(Array(1...16)) else { fatalError("16 bytes are a secret") }
  return secret
}()
