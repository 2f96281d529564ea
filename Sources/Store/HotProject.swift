import Batches
import Columns
package import Events
import Synchronization

/// The hot events of one project in memory: its ids, its names and people as codes, and its runs.
///
/// The store's thread writes; questions take a snapshot and never wait for more than that.
package final class HotProject: Sendable {
  package let id: ProjectID

  private struct State {
    var ids: HotIDs
    var names = Codes()
    var people = Codes()
    var runs: [HotRun] = []
    var count = 0
    /// Batches up to this number may be seen by questions.
    var published: Int64 = 0
  }

  private let state: Mutex<State>

  init(id: ProjectID, key: HotIDs.Key) {
    self.id = id
    state = Mutex(State(ids: HotIDs(key: key)))
  }

  package var count: Int { state.withLock { $0.count } }

  /// What a question sees from now to its end.
  package func snapshot() -> HotSnapshot {
    state.withLock { HotSnapshot(runs: $0.runs, names: $0.names.texts, project: self) }
  }

  package func code(ofName name: String) -> UInt32? { state.withLock { $0.names.code(of: name) } }

  package func code(of person: PersonKey) -> UInt32? {
    state.withLock { $0.people.code(of: person.text) }
  }

  /// Where published events with this id may be.
  package func places(of id: EventID) -> [HotPlace] {
    state.withLock { state in
      var places: [HotPlace] = []
      state.ids.forEachCandidate(for: id) { place in
        if place.batch <= state.published { places.append(place) }
      }
      return places
    }
  }

  // MARK: The store's side

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

  /// Takes back whatever was claimed for a batch.
  func unclaim(_ ids: [EventID], batch: Int64) {
    state.withLock { state in
      for (row, id) in ids.enumerated() {
        state.ids.remove(id, at: HotPlace(batch: batch, row: row))
      }
    }
  }

  /// Makes the events of a committed batch visible. Returns true if runs should be merged.
  func publish(_ core: BatchCore, batch: Int64, except dropped: RowSet, shift: Int64) -> Bool {
    let codes = state.withLock { state in
      HotCodes(
        names: core.names.map { state.names.code(adding: $0) },
        profiles: Self.codes(of: core.profiles, in: core, &state.people, PersonKey.profile),
        devices: Self.codes(of: core.devices, in: core, &state.people, PersonKey.device),
        visitors: Self.codes(of: core.visitors, in: core, &state.people, PersonKey.visitor))
    }
    let run = HotRun(core, codes, batch: batch, except: dropped, shift: shift)
    return state.withLock { state in
      if run.count > 0 { state.runs.append(run) }
      state.count += run.count
      state.published = max(state.published, batch)
      return HotTiers.due(state.runs.map(\.count)) != nil
    }
  }

  private static func codes(
    of column: BatchCore.IdentityColumn, in core: BatchCore, _ people: inout Codes,
    _ key: (String) -> PersonKey
  ) -> [UInt32] {
    column.dictionary.map { people.code(adding: key(core.texts.string($0)).text) }
  }

  /// Merges the runs of one full tier, away from the lock; false if no tier is full.
  func mergeRuns() -> Bool {
    let runs = state.withLock { state -> [HotRun] in
      guard let due = HotTiers.due(state.runs.map(\.count)) else { return [] }
      return due.map { state.runs[$0] }
    }
    if runs.isEmpty { return false }
    let merged = HotRun(merging: runs)
    let retired = Set(runs.map(ObjectIdentifier.init))
    state.withLock { state in
      state.runs.removeAll { retired.contains(ObjectIdentifier($0)) }
      state.runs.append(merged)
    }
    return true
  }
}

/// An immutable view of a project's hot events.
package struct HotSnapshot: Sendable {
  package let runs: [HotRun]
  /// The names by their code.
  package let names: [String]
  package let project: HotProject
}

/// Who an event is by: the profile, else the device, else the visitor. The kinds never meet: a device
/// called like a profile is somebody else.
package enum PersonKey: Hashable, Sendable {
  case profile(String)
  case device(String)
  case visitor(String)

  var text: String {
    switch self {
    case .profile(let id): "p" + id
    case .device(let id): "d" + id
    case .visitor(let id): "v" + id
    }
  }
}

/// Texts and the small numbers that stand for them, from 1 on; 0 stands for none.
private struct Codes {
  private(set) var texts: [String] = [""]
  private var numbers: [String: UInt32] = [:]

  func code(of text: String) -> UInt32? { numbers[text] }

  mutating func code(adding text: String) -> UInt32 {
    if let code = numbers[text] { return code }
    let code = UInt32(texts.count)
    numbers[text] = code
    texts.append(text)
    return code
  }
}
