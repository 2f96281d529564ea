import Batches
import Compression
import Events
import Platform
import SQLite
import Sections

// Who is whom: read from events as they are committed, written beside them in the same transaction, and
// shown when that has ended. Everything here can be made again from the events.
extension StoreWriter {
  /// Writes what the rows of a batch say that was not known. It counts once the group is committed, so
  /// an event may be noted although another one of its group has said the same: once more is no harm.
  func noteJoins(
    of batch: ArrivedBatch, in project: ProjectEvents, except dropped: RowSet
  ) throws(StoreError) {
    let found = Self.joins(in: batch.columns, clockShift: batch.clockShift, except: dropped)
    try note(found, in: project)
  }

  private func note(_ found: [JoinOperation], in project: ProjectEvents) throws(StoreError) {
    for join in found {
      let operation = join.hashed(project.secret.people)
      if isErased(operation, of: project.id) { continue }
      switch joins[project.id, default: JoinGraph()].verdict(on: operation) {
      case .known: continue
      case .tooManyIDs, .tooManyTies: journal.joinsRefused += 1
      case .changes:
        try writing { () throws(SQLiteError) in try file.insert(join, of: project.id) }
        journal.joins.append((project, operation))
      }
    }
  }

  /// What a committed group has said of people is true for questions from here on.
  func showJoins() {
    if journal.joins.isEmpty { return }
    var projects: [ProjectID: ProjectEvents] = [:]
    for join in journal.joins {
      projects[join.project.id] = join.project
      switch joins[join.project.id, default: JoinGraph()].apply(join.operation) {
      case .tooManyIDs, .tooManyTies: journal.joinsRefused += 1
      case .known, .changes: continue
      }
    }
    journal.joins = []
    for project in projects.values {
      if let graph = joins[project.id] { project.join(graph.joined) }
    }
  }

  private static func joins(
    in columns: BatchColumns, clockShift: Int64, except dropped: RowSet
  ) -> [JoinOperation] {
    let says = columns.core.heads.map { $0.kind == .identify || $0.kind == .alias }
    guard says.contains(true) else { return [] }
    var found: [JoinOperation] = []
    for row in 0..<columns.rowCount where says[Int(columns.core.headCodes[row])] {
      let record = columns.record(at: row)
      // Whatever a record says that is none, it is not who is whom.
      guard !dropped.contains(row), let event = try? Event(record: record.span) else { continue }
      let cts = SectionWriter.cts(of: row, in: columns, clockShift: clockShift)
      if let join = JoinOperation(event, cts: cts) { found.append(join) }
    }
    return found
  }

  // MARK: The start

  /// Reads who is whom. Where rows may be missing, because packs were named that the catalogue had
  /// lost, or the catalogue is from before there were any, all events are asked again.
  func openJoins(packsSince generation: UInt64) throws(StoreError) {
    var loading = LoadingJoins()
    let unread = try writing { () throws(SQLiteError) in
      try file.forEachJoin(of: { hot.existing($0)?.secret.people }) { loading.add($1, of: $0) }
    }
    joins = loading.finish()
    for (id, graph) in joins { hot.existing(id)?.join(graph.joined) }
    let isWhole = try writing { () throws(SQLiteError) in
      let isDerived = try file.meta(Self.wholeKey) != nil
      let now = try file.generation()
      return isDerived && now == generation
    }
    if !isWhole || unread > 0 { try deriveJoins() }
  }

  /// Says in `meta` that no event is left whose joins have not been written.
  private static let wholeKey = "aliases_derived"

  /// Notes what all events say of people: of those that are known nothing changes.
  func deriveJoins() throws(StoreError) {
    journal = Journal(firstNumber: nextNumber)
    do throws(StoreError) {
      try writing { () throws(SQLiteError) in try file.database.execute("BEGIN IMMEDIATE") }
      for project in hot.all { try note(allJoins(of: project), in: project) }
      try writing { () throws(SQLiteError) in
        try file.setMeta(Self.wholeKey, [1])
        try file.database.execute("COMMIT")
      }
    } catch {
      journal = Journal(firstNumber: nextNumber)
      // The file may have refused even this; then there is no transaction to undo.
      if file.database.isInTransaction { try? file.database.execute("ROLLBACK") }
      // Without room it is for the next start: what was written before is known all the same.
      if error == .diskFull { return }
      throw error
    }
    showJoins()
  }

  /// What the project's events say, in their order. Those that cannot be read say nothing, and are named
  /// elsewhere.
  private func allJoins(of project: ProjectEvents) throws(StoreError) -> [JoinOperation] {
    var found: [JoinOperation] = []
    for sealed in project.sealed where sealed.reasonAside == nil {
      guard let section = try? sealed.open(),
        let own = try? Self.joins(in: section, project.secret, decompressor)
      else { continue }
      found += own
    }
    for batch in project.waiting {
      guard let entry = try? shelf.batch(batch.number, from: file.database, batches) else {
        continue
      }
      found += Self.joins(in: entry.columns, clockShift: entry.clockShift, except: batch.dropped)
    }
    return found.sorted { $0.position < $1.position }
  }

  private static func joins(
    in section: Section, _ secret: ProjectSecret, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> [JoinOperation] {
    let says = section.table { $0.kind == .identify || $0.kind == .alias }
    guard says.contains(true) else { return [] }
    var heads = try section.headCodes()
    var reader = try RecordReader(section, ids: secret.ids, decompressor)
    var found: [JoinOperation] = []
    for block in 0..<section.blockCount {
      for place in 0..<(try heads.load(block)) where says[Int(heads.values[place])] {
        var writer = ByteWriter()
        try reader.append(block * Section.blockRows + place, to: &writer)
        let record = writer.bytes
        guard let event = try? Event(record: record.span) else { continue }
        if let join = JoinOperation(event, cts: event.cts) { found.append(join) }
      }
    }
    return found
  }
}

/// The graphs of all projects while their operations are read: rows of one project come together as a
/// rule, so its graph is in hand.
private struct LoadingJoins {
  private var graphs: [ProjectID: JoinGraph] = [:]
  private var project: ProjectID?
  private var graph = JoinGraph(isLoading: true)

  mutating func add(_ operation: JoinGraph.Operation, of project: ProjectID) {
    if self.project != project { turn(to: project) }
    graph.apply(operation)
  }

  private mutating func turn(to project: ProjectID?) {
    if let last = self.project { graphs[last] = graph }
    self.project = project
    graph = project.flatMap { graphs.removeValue(forKey: $0) } ?? JoinGraph(isLoading: true)
  }

  mutating func finish() -> [ProjectID: JoinGraph] {
    turn(to: nil)
    for id in graphs.keys { graphs[id]?.isLoaded() }
    return graphs
  }
}
