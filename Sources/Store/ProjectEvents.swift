import Batches
package import Events
package import Sections
import Synchronization

/// The events of one project: the ids that are hot, the batches that still wait to be laid out, the
/// sections of those that are, and the sections that packs have.
///
/// The store's thread writes; questions take a snapshot and never wait for more than that.
package final class ProjectEvents: Sendable {
  package let id: ProjectID
  package let secret: ProjectSecret
  /// Told of sealed sections that a question could not read.
  private let onDamage: @Sendable (SealedSection) -> Void
  private let people = PeopleMemory()

  private struct State {
    var ids: HotIDs
    var waiting: [WaitingBatch] = []
    var waitingRows = 0
    /// When each batch with hot events was received.
    var receipts: [(batch: Int64, time: Int64)] = []
    var laidOut: [HotSection] = []
    /// Batches that could not be read when they were to be laid out.
    var unreadable: [UnreadableBatch] = []
    var sealed: [SealedSection] = []
    var joined = JoinedPeople()
    var count = 0
    /// Batches up to this number may be seen by questions.
    var published: Int64 = 0
    /// Events of before are in no answer.
    var watermark = Int64.min
    /// In no answer either, though files have them still.
    var erased = ErasedPeople()
    /// What the last question saw, for as long as nothing has changed since.
    var snapshot: Snapshot?

    func isWaiting(through last: Int64) -> Bool {
      waiting.first.map { $0.number <= last } ?? false
    }
  }

  private let state: Mutex<State>

  init(
    id: ProjectID, secret: ProjectSecret, key: HotIDs.Key,
    onDamage: @escaping @Sendable (SealedSection) -> Void
  ) {
    self.onDamage = onDamage
    self.id = id
    self.secret = secret
    state = Mutex(State(ids: HotIDs(key: key)))
  }

  /// Hot events.
  package var count: Int { state.withLock { $0.count } }

  /// Where published hot events with this id may be.
  package func places(of id: EventID) -> [HotPlace] {
    state.withLock { state in
      var places: [HotPlace] = []
      state.ids.forEachCandidate(for: id) { place in
        if place.batch <= state.published { places.append(place) }
      }
      return places
    }
  }

  /// The sections that packs have.
  package var sealed: [SealedSection] { state.withLock { $0.sealed } }

  // MARK: Ids

  /// Two rows that may be one event: a row of a new batch, and where the first one may be.
  struct Meeting {
    let row: Int
    let place: HotPlace
  }

  /// Claims the ids of all rows but those that are out already. They are met from now on, also by
  /// later rows of the same batch, and seen once published. A row that meets another one is not
  /// claimed: it is returned with everything that it has met.
  func claim(_ ids: [EventID], batch: Int64, except dropped: RowSet) -> [Meeting] {
    state.withLock { state in
      var meetings: [Meeting] = []
      for row in ids.indices where !dropped.contains(row) {
        let place = HotPlace(batch: batch, row: row)
        if state.ids.insertUnlessMet(ids[row], at: place) { continue }
        state.ids.forEachCandidate(for: ids[row]) { met in
          meetings.append(Meeting(row: row, place: met))
        }
      }
      return meetings
    }
  }

  /// Claims ids that are known to be new.
  func claim(new ids: [EventID], batch: Int64, rows: some Sequence<Int>) {
    state.withLock { state in
      for row in rows { state.ids.insert(ids[row], at: HotPlace(batch: batch, row: row)) }
    }
  }

  /// Takes back whatever was claimed for these rows of a batch.
  func unclaim(_ ids: [EventID], batch: Int64, rows: some Sequence<Int>) {
    state.withLock { state in
      for row in rows { state.ids.remove(ids[row], at: HotPlace(batch: batch, row: row)) }
    }
  }

  // MARK: Batches and sections

  /// Makes the events of a committed batch visible. True if enough of them wait to be laid out.
  func publish(_ batch: WaitingBatch) -> Bool {
    state.withLock { state in
      state.count += batch.count
      state.published = max(state.published, batch.number)
      guard batch.count > 0 else { return false }
      state.waiting.append(batch)
      state.waitingRows += batch.count
      state.receipts.append((batch.number, batch.received))
      state.snapshot = nil
      return state.waitingRows >= HotSection.layOutRows
    }
  }

  /// The batches that wait, in the order of their numbers.
  var waiting: [WaitingBatch] { state.withLock { $0.waiting } }

  /// The number of the last batch that waits; below all where none does.
  var lastWaiting: Int64 { state.withLock { $0.waiting.last?.number ?? .min } }

  /// Whether a batch up to this one waits.
  func isWaiting(through last: Int64) -> Bool { state.withLock { $0.isWaiting(through: last) } }

  /// How many events wait.
  var waitingRows: Int { state.withLock { $0.waitingRows } }

  /// How many events are laid out.
  var laidOutRows: Int {
    state.withLock { $0.laidOut.reduce(0) { $0 + $1.section.rowCount } }
  }

  /// When the first of what is hot was received, by the wall clock.
  var oldestReceipt: Int64? { state.withLock { $0.receipts.first?.time } }

  /// Batches that no section has because they cannot be read; their rows stay on disk.
  var unreadable: [UnreadableBatch] { state.withLock { $0.unreadable } }

  /// Puts sections in the place of the batches that waited, as many as were read or could not be.
  func replace(
    waiting count: Int, by sections: [HotSection], unreadable: [UnreadableBatch]
  ) {
    state.withLock { state in
      state.unreadable += unreadable
      if !unreadable.isEmpty {
        let lost = Set(unreadable.map(\.number))
        state.receipts.removeAll { lost.contains($0.batch) }
      }
      for batch in state.waiting[..<count] { state.waitingRows -= batch.count }
      state.waiting.removeFirst(count)
      state.laidOut += sections
      state.snapshot = nil
    }
  }

  /// The sections of hot events that no seal has in hand.
  var laidOut: [HotSection] { state.withLock { $0.laidOut } }

  /// Puts one section in the place of several; false, and nothing happens, if not all are there any more.
  func replace(_ sections: [HotSection], by merged: HotSection) -> Bool {
    let retired = Set(sections.map(ObjectIdentifier.init))
    return state.withLock { state in
      let others = state.laidOut.filter { !retired.contains(ObjectIdentifier($0)) }
      guard others.count + sections.count == state.laidOut.count else { return false }
      state.laidOut = others + [merged]
      state.snapshot = nil
      return true
    }
  }

  /// Puts the sections of a pack in the place of the hot ones that were sealed into it, and forgets
  /// the ids of the batches up to `last`: they are found in the pack from now on. Returns how many
  /// events are hot no more.
  func replace(_ hot: [HotSection], by sealed: [SealedSection], through last: Int64) -> Int {
    let retired = Set(hot.map(ObjectIdentifier.init))
    return state.withLock { state in
      state.laidOut.removeAll { retired.contains(ObjectIdentifier($0)) }
      state.sealed += sealed
      state.ids.removeAll(through: last)
      state.receipts.removeAll { $0.batch <= last }
      let rows = hot.reduce(0) { $0 + $1.section.rowCount }
      state.count -= rows
      state.snapshot = nil
      return rows
    }
  }

  /// The time before which the project keeps nothing.
  package var watermark: Int64 { state.withLock { $0.watermark } }

  /// From here on windows that end before are in no answer.
  func raise(watermark: Int64) {
    state.withLock { state in
      state.watermark = max(state.watermark, watermark)
      state.snapshot = nil
    }
  }

  /// Those whom no answer has any more, though files may.
  package var erased: ErasedPeople { state.withLock { $0.erased } }

  func hide(_ erased: ErasedPeople) {
    state.withLock { state in
      state.erased = erased
      state.snapshot = nil
    }
  }

  /// Puts sections of new packs in the place of those of the packs that they replace.
  func replace(packs: Set<UInt64>, by sealed: [SealedSection]) {
    state.withLock { state in
      let before = state.sealed.count
      state.sealed.removeAll { packs.contains($0.pack.header.number) }
      if state.sealed.count == before, sealed.isEmpty { return }
      state.sealed += sealed
      state.snapshot = nil
    }
  }

  func add(_ sealed: [SealedSection]) {
    state.withLock { state in
      state.sealed += sealed
      state.snapshot = nil
    }
  }

  /// Says who is whom from now on.
  func join(_ joined: JoinedPeople) {
    state.withLock { state in
      state.joined = joined
      state.snapshot = nil
    }
  }

  /// Makes the next question look anew which sections there are.
  func forgetSnapshot() { state.withLock { $0.snapshot = nil } }

  // MARK: Snapshots

  /// What a question sees; nil while batches up to this one wait, which it has to see.
  func snapshotOfLaidOut(through last: Int64) throws(SectionProblem) -> Snapshot? {
    let (known, isWaiting, hot, sealed, unreadable, joined, watermark, erased) =
      state.withLock {
        (
          $0.snapshot, $0.isWaiting(through: last), $0.laidOut, $0.sealed, $0.unreadable, $0.joined,
          $0.watermark, $0.erased
        )
      }
    if let known { return known }
    if isWaiting { return nil }
    var sections: [Section] = []
    var origins: [ObjectIdentifier: SealedSection] = [:]
    var missing = unreadable.map { "batch \($0.number): \($0.reason)" }
    for section in sealed where !section.place.window.isOver(before: watermark) {
      if let reason = section.reasonAside {
        missing.append("\(section): \(reason)")
        continue
      }
      do {
        let opened = try section.visible.section(of: section.open(), without: erased)
        sections.append(opened)
        origins[ObjectIdentifier(opened)] = section
      } catch {
        missing.append("\(section): \(error)")
        tell(error, of: section)
      }
    }
    let lasting = sections.count
    for section in hot where !section.section.directory.window.isOver(before: watermark) {
      sections.append(try section.visible.section(of: section.section, without: erased))
    }
    let snapshot = Snapshot(
      sections, of: secret, missing: missing, joined: joined, remembering: people,
      lasting: lasting
    ) { [weak self, origins] section, problem in
      if let origin = origins[ObjectIdentifier(section)] { self?.tell(problem, of: origin) }
    }
    state.withLock { state in
      // Only if this is still so: otherwise the next one makes its own.
      if state.waiting.isEmpty, state.laidOut.elementsEqual(hot, by: ===),
        state.sealed.elementsEqual(sealed, by: ===), state.joined.version == joined.version,
        state.watermark == watermark, state.erased == erased
      {
        state.snapshot = snapshot
      }
    }
    return snapshot
  }

  /// What a question finds damaged is in no later answer.
  private func tell(_ problem: SectionProblem, of section: SealedSection) {
    section.setAside("\(problem)")
    forgetSnapshot()
    onDamage(section)
  }

  /// What no answer has, and why: for whoever reads the answers.
  package var missing: [String] {
    let (sealed, unreadable) = state.withLock { ($0.sealed, $0.unreadable) }
    return unreadable.map { "batch \($0.number): \($0.reason)" }
      + sealed.compactMap { section in section.reasonAside.map { "\(section.name): \($0)" } }
  }
}
