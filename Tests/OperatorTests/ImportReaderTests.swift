import Batches
import Compression
import Crypto
import Events
import Platform
import Testing

@testable import Operator

@Suite("The reader of an import") struct ImportReaderTests {
  private struct StillClock: Clock {
    var wallMilliseconds: Int64 { 1_800_000_000_000 }
    var monotonicNanoseconds: UInt64 { 0 }
    func sleep(for duration: Duration) async {}
  }

  private struct Reading {
    var events: [ProjectID: [Event]] = [:]
    var parcels: [ImportParcel] = []
    var refusals: [ImportReport.Refusal] = []
    var codes: [String: [Int]] {
      Dictionary(uniqueKeysWithValues: refusals.map { ($0.code, $0.lines.map(\.number)) })
    }
  }

  /// What a file becomes, read in blocks of about so many bytes.
  private func read(
    _ text: String, _ projects: ImportProjects,
    _ packing: ImportPacking = .columns(
      rows: 100, bytes: 8 << 20), blocks size: Int = 1 << 20
  ) throws -> Reading {
    let bytes = Array(text.utf8)
    let book = ImportBook(starts: [ImportLedger.Place()])
    let reader = ImportReader(projects, packing, book: book, rejected: nil, clock: StillClock())
    let first = bytes.firstIndex(of: 0x0A) ?? bytes.count
    let head = Array(bytes[..<first])
    var reading = Reading()
    var start = 0
    while start < bytes.count {
      var end = min(start + size, bytes.count)
      while end < bytes.count, bytes[end - 1] != 0x0A { end += 1 }
      let buffer = Array(bytes[start..<end])
      let block = ImportBlock(
        number: book.begin(input: 0, end: end), byteCount: end - start, lines: 0..<buffer.count,
        offset: start, isTorn: false, firstLine: sha256(head.span))
      reading.parcels += try reader.read(block, buffer)
      start = end
    }
    reading.parcels += try reader.packAll()
    for parcel in reading.parcels where packing.form == .columns {
      let plain = try ZstdDecompressor().decompress(
        parcel.body.span, exactSize: parcel.plainBytes, limit: 8 << 20)
      let columns = try BatchColumns(decoding: plain)
      #expect(columns.rowCount == parcel.rows && parcel.places.count == parcel.rows)
      for row in 0..<columns.rowCount {
        let record = columns.record(at: row)
        reading.events[parcel.project, default: []].append(try Event(record: record.span))
      }
    }
    reading.refusals = book.refusals()
    for parcel in reading.parcels {
      book.settle(parcel.blocks, accepted: parcel.rows, duplicates: 0)
    }
    #expect(book.frontiers[0].bytes == bytes.count)
    #expect(
      book.frontiers[0].lines == bytes.count { $0 == 0x0A } + (bytes.last == 0x0A ? 0 : 1))
    return reading
  }

  private func line(_ number: Int, _ project: String?, more: String = "") -> String {
    let named = project.map { #""project_id":"\#($0)","# } ?? ""
    return #"{\#(named)"event_name":"n\#(number)","cts":\#(1_700_000_000_000 + number)\#(more)}"#
  }

  @Test("lines go to their projects in the order of the file, whatever the blocks")
  func byProject() throws {
    let names = ["acme", "other", "third"]
    let lines = (0..<700).map { line($0, names[$0 * $0 % 3]) }
    let known = Set(try names.map { try ProjectID($0) })
    var ids: [ProjectID: [EventID]] = [:]
    for size in [1, 1_000, 1 << 20] {
      let reading = try read(
        lines.joined(separator: "\n"), .named(known: known), blocks: size)
      #expect(reading.refusals.isEmpty)
      for (number, name) in names.enumerated() {
        let project = try ProjectID(name)
        let expected = (0..<700).filter { $0 * $0 % 3 == number }.map { "n\($0)" }
        #expect(reading.events[project, default: []].map(\.name) == expected)
        let read = reading.events[project, default: []].map(\.id)
        #expect(ids[project] ?? read == read, "ids depend on the blocks")
        ids[project] = read
      }
    }
    #expect(Set(ids.values.joined()).count == 700)
  }

  @Test("a line without an id keeps the same one, and the same line elsewhere has another")
  func ids() throws {
    let acme = ImportProjects.one(try ProjectID("acme"))
    let same = line(1, nil)
    let text = [line(0, nil), same, same].joined(separator: "\n")
    let first = try read(text, acme).events.values.joined().map(\.id)
    #expect(Set(first).count == 3)
    #expect(try read(text, acme).events.values.joined().map(\.id) == first)
    // Grown, with the line ends of another system, or with blank lines behind: still the same.
    #expect(try read(text + "\n" + same, acme).events.values.joined().prefix(3).map(\.id) == first)
    let other = try read(line(9, nil) + "\n" + same, acme).events.values.joined().map(\.id)
    #expect(Set(first).isDisjoint(with: other))
  }

  @Test("bad lines are refused one by one, with their numbers")
  func badLines() throws {
    let text = [
      line(1, "acme"), "{", "", "   ", #"{"project_id":"acme"}"#, "[1]", line(2, "acme") + " x",
      line(3, "nobody"), line(4, nil), "no json at all", line(5, "acme"),
      line(6, "acme", more: #","event_id":7"#), #"{"project_id":"acme","event_name":""}"#,
    ].joined(separator: "\r\n")
    let acme = try ProjectID("acme")
    let reading = try read(text, .named(known: [acme]))
    #expect(reading.events[acme]?.map(\.name) == ["n1", "n5", "n6"])
    #expect(
      reading.codes == [
        "invalid_json": [7], "missing_field": [5], "not_an_object": [6, 10],
        "missing_project": [2, 9], "unknown_project": [8], "bad_name": [13],
      ])
  }

  @Test("with one project its lines need not name it, and must not name another")
  func oneProject() throws {
    let acme = try ProjectID("acme")
    let text = [line(1, nil), line(2, "acme"), line(3, "other")].joined(separator: "\n")
    let reading = try read(text, .one(acme))
    #expect(reading.events[acme]?.map(\.name) == ["n1", "n2"])
    #expect(reading.codes == ["wrong_project": [3]])
  }

  @Test("as lines the events travel as they came, those without an id with the one they got")
  func asLines() throws {
    let named = #"{"event_id":"my-key","event_name":"a","project_id":"acme"}"#
    let nameless = #"{ "event_name":"b","cts":1700000000000}"#
    let acme = try ProjectID("acme")
    let reading = try read("\u{FEFF}\(named)\n\n\(nameless)\n", .one(acme), .lines)
    let parcel = try #require(reading.parcels.first)
    let lines = String(decoding: parcel.body, as: UTF8.self).split(separator: "\n")
    #expect(lines.first.map(String.init) == named)
    let id = try #require(
      try read("\u{FEFF}\(named)\n\n\(nameless)\n", .one(acme)).events[acme]?.last?.id)
    #expect(
      lines.last.map(String.init) == #"{"event_id":"\#(id)", "event_name":"b","cts":1700000000000}"#
    )
    #expect(parcel.line(0) == Array(named.utf8) && parcel.line(2) == nil)
  }

  @Test("parcels stay below what an aggregator takes")
  func sizes() throws {
    let text = (0..<500).map {
      line($0, nil, more: #","props":{"text":"\#(String(repeating: "x", count: 900))"}"#)
    }.joined(separator: "\n")
    let acme = ImportProjects.one(try ProjectID("acme"))
    let packing = ImportPacking(form: .columns, rows: 60, bytes: 40_000)
    let reading = try read(text, acme, packing)
    #expect(reading.parcels.allSatisfy { $0.rows <= 60 && $0.rows > 30 || $0.rows == 500 % 43 })
    #expect(reading.parcels.reduce(0) { $0 + $1.rows } == 500)
  }
}
