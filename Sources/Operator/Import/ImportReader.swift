import Batches
import Compression
import Crypto
import Dialects
import Events
import JSON
import Platform

/// Which project a line's event belongs to.
enum ImportProjects: Sendable {
  /// All lines are this project's; one that names another is refused.
  case one(ProjectID)
  /// The lines say it; nil where whoever takes them knows which there are.
  case named(known: Set<ProjectID>?)
}

/// Reads the lines of blocks and packs their events into parcels by project, in the order of the
/// lines. For one thread; what it gathers stays from block to block until a parcel is full.
final class ImportReader {
  /// Events of one project that are no parcel yet.
  private final class Pile {
    let project: ProjectID
    let name: [UInt8]
    var reception: Reception
    var events = EventList()
    var places: [UInt64] = []
    var lines: [UInt8] = []
    var lineEnds: [Int] = []

    init(_ project: ProjectID) {
      self.project = project
      name = Array(project.text.utf8)
      reception = Reception(project: project, milliseconds: 0)
    }
  }

  private let projects: ImportProjects
  private let packing: ImportPacking
  private let book: ImportBook
  private let rejected: RejectedLines?
  private let clock: any Clock
  private var reader: DialectReader
  private var encoder = BatchEncoder()
  private let compressor = ZstdCompressor()
  private var piles: [String: Pile] = [:]
  private var last: Pile?
  /// The oldest block that a pile holds an event of.
  private var oldestBlock: Int?

  /// How far, in blocks, what is gathered may lag behind what is read: that much is read again after
  /// a crash, and that much of events waits in memory.
  private static let maximumLag = 48

  init(
    _ projects: ImportProjects, _ packing: ImportPacking, book: ImportBook,
    rejected: RejectedLines?, clock: any Clock
  ) {
    self.clock = clock
    self.projects = projects
    self.packing = packing
    self.book = book
    self.rejected = rejected
    // Lines get their ids from what they are; nothing is minted.
    reader = DialectReader(ids: EventIDSource(clock: clock, random: SystemRandom()))
  }

  /// Reads a block's lines from `buffer`. The answer is what is full.
  func read(_ block: ImportBlock, _ buffer: borrowing [UInt8]) throws(ImportFailure)
    -> [ImportParcel]
  {
    var parcels: [ImportParcel] = []
    var line = 0
    var events = 0
    var start = block.lines.lowerBound
    let end = block.lines.upperBound
    let bytes = buffer.span
    if block.offset == 0, Self.beginsWithMark(bytes.extracting(block.lines)) { start += 3 }
    while start < end {
      let lineEnd = min(bytes.firstIndex(of: 0x0A, from: start) ?? end, end)
      let text = Self.trimmed(bytes, start..<lineEnd)
      if !text.isEmpty {
        let place = LinePlace(block: block.number, line: line)
        let offset = block.offset + (text.lowerBound - block.lines.lowerBound)
        if let pile = take(bytes.extracting(text), offset, block, place) {
          events += 1
          if isFull(pile) { parcels.append(try pack(pile)) }
        }
      }
      line += 1
      start = lineEnd + 1
    }
    if events > 0, oldestBlock == nil { oldestBlock = block.number }
    book.finishReading(block.number, bytes: block.byteCount, lines: line, events: events)
    if let oldestBlock, block.number - oldestBlock > Self.maximumLag { parcels += try packAll() }
    return parcels
  }

  /// Packs whatever is gathered.
  func packAll() throws(ImportFailure) -> [ImportParcel] {
    var parcels: [ImportParcel] = []
    for pile in piles.values.sorted(by: { $0.project.text < $1.project.text })
    where !pile.events.isEmpty {
      parcels.append(try pack(pile))
    }
    // Of thousands of small projects only those of late are kept.
    if piles.count > 1_000 { (piles, last) = ([:], nil) }
    oldestBlock = nil
    return parcels
  }

  // MARK: One line

  /// Reads a line to its project's pile, which is the answer; nil where it was refused.
  private func take(
    _ text: Span<UInt8>, _ offset: Int, _ block: ImportBlock, _ place: LinePlace
  ) -> Pile? {
    if block.isTorn {
      // Only its beginning is here, so it cannot be copied to be mended either.
      let problem = EventProblem.tooLarge(bytes: block.byteCount)
      book.refuse(
        problem.code, "The line has \(block.byteCount) bytes or more.", block: place.block,
        line: place.line)
      return nil
    }
    do throws(ImportRefusal) {
      let pile = try pile(of: text)
      let line = EventLine(pile.reception, firstLine: block.firstLine, offset: offset)
      do {
        let isNameless = try reader.read(text, line, into: &pile.events)
        if packing.form == .lines { append(text, isNameless, to: pile) }
      } catch { throw ImportRefusal(error) }
      pile.places.append(place.packed)
      return pile
    } catch {
      rejected?.append(text)
      book.refuse(error.code, error.reason, block: place.block, line: place.line)
      return nil
    }
  }

  private func pile(of text: Span<UInt8>) throws(ImportRefusal) -> Pile {
    if case .one(let project) = projects { return pile(of: project) }
    guard let name = DialectReader.project(of: text) else {
      // A line that is no object at all is to be told that, not that it lacks a project.
      guard text[0] == UInt8(ascii: "{") else { throw ImportRefusal(.notAnObject) }
      throw .noProject
    }
    if let last, !name.hasEscapes, text.extracting(name.range).equals(last.name) {
      return last.events.isEmpty ? begun(last) : last
    }
    let string = name.string(in: text)
    if let pile = piles[string] {
      last = pile
      return pile.events.isEmpty ? begun(pile) : pile
    }
    guard case .named(let known) = projects, let project = try? ProjectID(string),
      known?.contains(project) ?? true
    else { throw .unknownProject(string) }
    return pile(of: project)
  }

  private func pile(of project: ProjectID) -> Pile {
    if let last, last.project == project { return last.events.isEmpty ? begun(last) : last }
    let pile = piles[project.text] ?? Pile(project)
    piles[project.text] = pile
    last = pile
    return begun(pile)
  }

  /// A pile that begins anew: its events are received now.
  private func begun(_ pile: Pile) -> Pile {
    pile.reception = Reception(
      project: pile.project, milliseconds: clock.wallMilliseconds)
    return pile
  }

  /// The line as its client would send it, with the id that it was given here.
  private func append(_ text: Span<UInt8>, _ isNameless: Bool, to pile: Pile) {
    var rest = text
    if isNameless {
      pile.lines += Array(#"{"event_id":""#.utf8)
      pile.events.id(at: pile.events.count - 1).appendText(to: &pile.lines)
      pile.lines += Array(#"","#.utf8)
      // It is an object with at least a name.
      rest = text.extracting(droppingFirst: 1)
    }
    unsafe rest.withUnsafeBufferPointer { unsafe pile.lines.append(contentsOf: $0) }
    pile.lines.append(0x0A)
    pile.lineEnds.append(pile.lines.count)
  }

  // MARK: Packing

  private func isFull(_ pile: Pile) -> Bool {
    pile.places.count >= packing.rows || pile.events.bytes.count >= packing.bytes
      || pile.lines.count >= packing.bytes
  }

  private func pack(_ pile: Pile) throws(ImportFailure) -> ImportParcel {
    defer {
      pile.events.removeAll()
      pile.places.removeAll(keepingCapacity: true)
      pile.lines.removeAll(keepingCapacity: true)
      pile.lineEnds.removeAll(keepingCapacity: true)
    }
    switch packing.form {
    case .lines:
      return ImportParcel(
        project: pile.project, rows: pile.places.count, body: pile.lines,
        plainBytes: pile.lines.count, places: pile.places, lineEnds: pile.lineEnds)
    case .columns:
      let body: BatchBody
      do {
        body = try encoder.encode(
          records: pile.events.bytes.span, ends: pile.events.ends.span)
      } catch { throw .mistake("records of good lines cannot be packed: \(error)") }
      let compressed = compressor.compress(
        body.bytes.span, cuts: body.cuts, level: SealedBatch.level)
      return ImportParcel(
        project: pile.project, rows: body.rows, body: compressed, plainBytes: body.bytes.count,
        places: pile.places, lineEnds: [])
    }
  }

  // MARK: Bytes

  private static func beginsWithMark(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
  }

  /// The line without the white space around it, such as the carriage return of other systems.
  private static func trimmed(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Range<Int> {
    var start = line.lowerBound
    var end = line.upperBound
    while start < end, isSpace(bytes[start]) { start += 1 }
    while start < end, isSpace(bytes[end - 1]) { end -= 1 }
    return start..<end
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D
  }
}

/// Why a line is not taken, before it is read as an event or after.
struct ImportRefusal: Error {
  let code: String
  let reason: String

  init(_ problem: EventProblem) {
    code = problem.code
    // The words for a request's key do not fit a file.
    if case .wrongProject(let name) = problem {
      reason = "The line names the project `\(name)`, and another one was asked for."
    } else {
      reason = problem.sentence
    }
  }

  private init(code: String, reason: String) {
    self.code = code
    self.reason = reason
  }

  static let noProject = ImportRefusal(
    code: "missing_project",
    reason: "The line names no project: give one with --project, or `project_id` in the line.")

  static func unknownProject(_ name: String) -> ImportRefusal {
    ImportRefusal(
      code: "unknown_project", reason: "The aggregator has no active project `\(name.prefix(80))`.")
  }
}

extension Span where Element == UInt8 {
  fileprivate func equals(_ bytes: [UInt8]) -> Bool {
    guard count == bytes.count else { return false }
    for index in indices where self[index] != bytes[index] { return false }
    return true
  }
}
