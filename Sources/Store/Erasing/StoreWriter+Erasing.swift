import Batches
import Events
import Platform
import SQLite
import Sections

// Erasures, on the store's thread. The mark comes first: once its one transaction is on disk nothing of
// the person is in an answer, nothing of it is taken again, and nobody is joined with one of the ids. The
// mark has the hash of every id, so it does not need what said whose they were. Files follow later.
extension StoreWriter {
  /// Reads who was erased.
  func loadErasures() throws(StoreError) {
    erasures = try writing { () throws(SQLiteError) in
      let erasures = try file.erasures()
      if !erasures.isEmpty { try file.deleteSecurely() }
      return erasures
    }
    erased = erasures.people
    for (project, people) in erasures.filter({ $0.done == nil }).people {
      hot.existing(project)?.hide(people)
    }
  }

  /// Marks a person as erased: all that stands for the same person as this id. `highest` is the time of
  /// the last event that is known of the person.
  func erase(
    _ person: PersonHash, of project: ProjectEvents, highest: Int64
  ) throws(StoreError) -> PersonErasure {
    let joined = joins[project.id]?.joined ?? JoinedPeople()
    let canonical = joined[person] ?? person
    var ids = [canonical]
    for (id, root) in joined where root == canonical { ids.append(id) }
    return try erase(ids, of: project, until: max(highest, clock.wallMilliseconds))
  }

  /// The same for ids that are known to be one person's.
  func erase(
    _ ids: [PersonHash], of project: ProjectEvents, until: Int64
  ) throws(StoreError) -> PersonErasure {
    if hasFailed { throw .stopped }
    let now = clock.wallMilliseconds
    let number: Int64
    do {
      number = try writing { () throws(SQLiteError) in
        try file.deleteSecurely()
        return try file.database.transaction { () throws(SQLiteError) in
          try file.insert(project.secret, of: project.id)
          try file.deleteJoins(of: Set(ids), in: project)
          return try file.insertErasure(of: ids, in: project.id, erased: now, until: until)
        }
      }
      storedSecrets.insert(project.id)
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
    let erasure = PersonErasure(
      number: number, project: project.id, erased: now, until: until, ids: ids.sorted(), done: nil)
    erasures.append(erasure)
    for id in ids { erased[project.id, default: ErasedPeople()].add(id, until: until) }
    try rejoin(project)
    showErased(in: project)
    return erasure
  }

  /// Who is whom once some are nobody any more.
  private func rejoin(_ project: ProjectEvents) throws(StoreError) {
    var graph = JoinGraph(isLoading: true)
    _ = try writing { () throws(SQLiteError) in
      try file.forEachJoin(of: { $0 == project.id ? project.secret.people : nil }) {
        graph.apply($1)
      }
    }
    graph.isLoaded()
    joins[project.id] = graph
    project.join(graph.joined)
  }

  private func showErased(in project: ProjectEvents) {
    let pending = erasures.filter { $0.project == project.id && $0.done == nil }
    project.hide(pending.people[project.id] ?? ErasedPeople())
  }

  var pendingErasures: [PersonErasure] { erasures.filter { $0.done == nil } }

  /// Whether what this joins belongs to somebody who was erased.
  func isErased(_ join: JoinGraph.Operation, of project: ProjectID) -> Bool {
    guard let erased = erased[project] else { return false }
    return erased.holds(join.from, at: join.position.cts)
      || erased.holds(join.profile, at: join.position.cts)
  }

  // MARK: Intake

  /// The batch, with the rows refused that are of people who were erased. They leave no dead letter.
  func refusingErased(_ batch: ArrivedBatch, in project: ProjectEvents) -> ArrivedBatch {
    guard let erased = erased[batch.project] else { return batch }
    var people = PersonTexts(batch.columns.core)
    var refused: [RejectedRow] = []
    for row in batch.columns.ids.indices {
      guard let person = people.person(of: row, in: batch.columns.core, project.secret.people)
      else { continue }
      let cts = SectionWriter.cts(of: row, in: batch.columns, clockShift: batch.clockShift)
      guard erased.holds(person, at: cts) else { continue }
      refused.append(
        RejectedRow(row: row, code: RejectedRow.erased, reason: "this person was erased"))
    }
    if refused.isEmpty { return batch }
    let rows = Set(refused.map(\.row))
    return ArrivedBatch(
      project: batch.project, source: batch.source, origin: batch.origin, bytes: batch.bytes,
      columns: batch.columns,
      rejected: (batch.rejected.filter { !rows.contains($0.row) } + refused)
        .sorted { $0.row < $1.row },
      received: batch.received, clockShift: batch.clockShift)
  }

  // MARK: The end

  /// Deletes what lies beside batches and packs of these people, and has the file written anew so that
  /// nothing is left in pages that were given back. False where somebody still reads the log.
  func finish(_ finished: [PersonErasure]) throws(StoreError) -> Bool {
    if hasFailed { throw .stopped }
    do {
      let isGone = try writing { () throws(SQLiteError) in
        try file.deleteSecurely()
        try file.database.transaction { () throws(SQLiteError) in
          for (id, people) in finished.people {
            guard let project = hot.existing(id) else { continue }
            let isMeant = { (record: [UInt8]) in project.isErased(record, among: people) }
            try file.deleteConflicts(of: id, where: isMeant)
            try file.deleteDeadLetters(of: id, where: isMeant)
          }
        }
        try file.rewrite()
        return try file.database.checkpoint(.truncate).isComplete
      }
      guard isGone else { return false }
      let now = clock.wallMilliseconds
      try writing { () throws(SQLiteError) in
        try file.database.transaction { () throws(SQLiteError) in
          for erasure in finished { try file.finishErasure(erasure.number, at: now) }
        }
      }
      let numbers = Set(finished.map(\.number))
      erasures = erasures.map { erasure in
        guard numbers.contains(erasure.number) else { return erasure }
        return PersonErasure(
          number: erasure.number, project: erasure.project, erased: erasure.erased,
          until: erasure.until, ids: erasure.ids, done: now)
      }
      for id in Set(finished.map(\.project)) {
        if let project = hot.existing(id) { showErased(in: project) }
      }
      return true
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
  }
}

extension RejectedRow {
  /// The code of rows of people who were erased.
  package static let erased = "erased"
}

extension ProjectEvents {
  /// Whether a record is by one of these people, or names one, at a time that is erased.
  func isErased(_ record: [UInt8], among people: ErasedPeople) -> Bool {
    guard let event = try? Event(record: record.span) else { return false }
    let ids: [(PersonKind, String?)] = [
      (.profile, event.profile), (.device, event.device), (.visitor, event.visitor),
    ]
    return ids.contains { kind, id in
      guard let id else { return false }
      let bytes = Array(id.utf8)
      return people.holds(secret.people.hash(kind, bytes.span), at: event.cts)
    }
  }

  /// Whether an event is by somebody who was erased, and is only still there.
  package func isErased(_ record: [UInt8]) -> Bool {
    let people = erased
    if people.isEmpty { return false }
    guard let event = try? Event(record: record.span) else { return false }
    let id: (kind: PersonKind, text: String)? =
      if let profile = event.profile {
        (.profile, profile)
      } else if let device = event.device {
        (.device, device)
      } else {
        event.visitor.map { (.visitor, $0) }
      }
    guard let id else { return false }
    let bytes = Array(id.text.utf8)
    return people.holds(secret.people.hash(id.kind, bytes.span), at: event.cts)
  }
}
