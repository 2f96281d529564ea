import Query
import Sections

/// What a thread found of the ways that people take; stations are numbers of values.
struct PathParts: Sendable {
  struct Link: Hashable, Sendable {
    var place: Int
    var source: UInt32
    var target: UInt32
  }
  struct Links: Sendable {
    var sessions = 0
    var milliseconds: Int64 = 0
  }

  var sessions = 0
  var walks: [[UInt32]: Int] = [:]
  var links: [Link: Links] = [:]

  mutating func add(_ other: PathParts) {
    sessions += other.sessions
    walks.merge(other.walks) { $0 + $1 }
    links.merge(other.links) {
      Links(sessions: $0.sessions + $1.sessions, milliseconds: $0.milliseconds &+ $1.milliseconds)
    }
  }

  mutating func add(_ walk: Span<PathWalker.Station>, isBackwards: Bool) {
    sessions += 1
    var codes: [UInt32] = []
    for place in walk.indices {
      codes.append(walk[place].code)
      guard place > 0 else { continue }
      let (source, target) = (walk[place - 1], walk[place])
      let link = Link(
        place: isBackwards ? place - walk.count : place - 1, source: source.code,
        target: target.code)
      links[link, default: Links()].sessions += 1
      links[link, default: Links()].milliseconds &+= target.time &- source.time
    }
    walks[codes, default: 0] += 1
  }
}

/// A walker of a session, on the heap: sessions by id go on beside each other.
final class OpenWalk {
  private var walker: PathWalker

  init(_ anchor: PathWalker.Anchor, depth: Int) { walker = PathWalker(anchor, depth: depth) }

  func add(_ station: PathWalker.Station, isAnchor: Bool) {
    walker.add(station, isAnchor: isAnchor)
  }

  func end(_ parts: inout PathParts, isBackwards: Bool) {
    walker.endSession { parts.add($0, isBackwards: isBackwards) }
  }
}

/// Takes rows to walks. A row's first number is its station's label, the second its event's name.
struct PathRows: FlowSink {
  static let station: UInt64 = 1
  static let anchor: UInt64 = 2

  private let anchor: PathWalker.Anchor
  private let depth: Int
  private let isByID: Bool
  private var cutter: SessionCutter
  private let walk: OpenWalk
  private var named: [UInt64: OpenWalk] = [:]
  private(set) var parts = PathParts()
  // Stored, for whoever asks a computed one may copy all of it first.
  let isSatisfied = false

  init(_ question: PathsQuestion) {
    anchor =
      switch question.anchor {
      case .sessionStart: .sessionStart
      case .from: .from
      case .to: .to
      }
    depth = question.depth
    isByID = question.session.cut == .sessionID
    var byGaps = question.session
    byGaps.cut = .gaps
    cutter = SessionCutter(byGaps, zone: question.scope.zone)
    walk = OpenWalk(anchor, depth: depth)
  }

  static func paths(of question: PathsQuestion) -> [PropertyPath] {
    [question.label, PropertyPath(.name)]
  }

  var byteCount: Int { 256 * parts.walks.count + 64 * parts.links.count }
  var heldBytes: Int { byteCount + Self.walkBytes * named.count }
  /// Of a walk that goes on, and its place in the table.
  private static let walkBytes = 512

  mutating func take(_ stretch: borrowing Stretch) {
    var row = 0
    while row < (unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, and a number for each value.
      let mark = unsafe stretch.marks[row]
      if mark != 0 {
        let time = unsafe stretch.times[row]
        let id = unsafe isByID ? stretch.sessions[row] : 0
        var walk = self.walk
        if id == 0 {
          let event = SessionEvent(time: time, ordinal: 0, isView: false, isAct: false)
          if cutter.add(event) != nil { walk.end(&parts, isBackwards: anchor == .to) }
        } else {
          walk = named[id] ?? OpenWalk(anchor, depth: depth)
          named[id] = walk
        }
        if mark & Self.station != 0 {
          let label = unsafe stretch.numbers[row]
          let name = unsafe stretch.numbers[Section.blockRows &+ row]
          walk.add(
            PathWalker.Station(code: label == ValueNumbers.none ? name : label, time: time),
            isAnchor: mark & Self.anchor != 0)
        }
      }
      row &+= 1
    }
  }

  mutating func end() {
    if cutter.finish() != nil { walk.end(&parts, isBackwards: anchor == .to) }
    for (_, walk) in named { walk.end(&parts, isBackwards: anchor == .to) }
    // To clear a large table takes as long for everybody who comes after.
    if !named.isEmpty { named.removeAll(keepingCapacity: named.count <= 1_024) }
  }
}

/// A thread's part of a question about paths.
final class PathTask: FlowTask {
  private let reader: FlowReader
  private var rows: PathRows

  init(_ reader: FlowReader, _ question: PathsQuestion) {
    self.reader = reader
    rows = PathRows(question)
  }

  var byteCount: Int { rows.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, &rows)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ rows: inout PathRows
  ) throws(KernelFailure) {
    for person in people {
      try reader.walk(person, &rows)
      rows.end()
    }
  }

  func finish() -> PathParts { rows.parts }
}
