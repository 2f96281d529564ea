import Columns
import Compression
import Query
import Sections

/// Finds the ids that people are called by, of whom kernels know hashes: for one thread.
final class PersonNames {
  private struct Place {
    let runs: PersonRuns
    var identities: [(changes: ChangeCursor, texts: TextCursor)]
  }

  private let snapshot: Snapshot
  private let decompressor = ZstdDecompressor()
  private var places: [Place?]
  private var scratch = TextRows()
  private var others: [PersonHash: [PersonHash]]?

  init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    places = Array(repeating: nil, count: snapshot.sections.count)
  }

  /// The id that all of a person's have become. Where no event has it, the least of those that events
  /// have; nil where there is none.
  func name(of person: PersonHash) throws(KernelFailure) -> PersonID? {
    let canonical = snapshot.canonical(person)
    if let name = try ownName(of: canonical) { return name }
    if others == nil {
      var ids: [PersonHash: [PersonHash]] = [:]
      snapshot.joined.forEach { ids[$1, default: []].append($0) }
      others = ids
    }
    var least: PersonID?
    for other in others?[canonical] ?? [] {
      guard let name = try ownName(of: other) else { continue }
      least = least.map { min($0, name) } ?? name
    }
    return least
  }

  private func ownName(of person: PersonHash) throws(KernelFailure) -> PersonID? {
    for number in places.indices {
      let name = try KernelFailure.naming(number) { () throws(SectionProblem) in
        try ownName(of: person, in: number)
      }
      if let name { return name }
    }
    return nil
  }

  private func ownName(
    of person: PersonHash, in number: Int
  ) throws(SectionProblem) -> PersonID? {
    let section = snapshot.sections[number]
    if places[number] == nil { places[number] = Place(runs: try section.runs(), identities: []) }
    guard let run = places[number]?.runs.run(of: person),
      let row = places[number]?.runs.rows(of: run).lowerBound
    else { return nil }
    if places[number]?.identities.isEmpty ?? true {
      for identity in [Identity.profile, .device, .visitor] {
        places[number]?.identities.append(
          (try section.changes(of: identity), try section.texts(of: identity, decompressor)))
      }
    }
    // Who an event is by is said by the first of these that it has.
    for (place, kind) in [PersonID.Kind.profile, .device, .visitor].enumerated() {
      guard let value = try places[number]?.identities[place].changes.value(of: row) else {
        continue
      }
      scratch.removeAll()
      try places[number]?.identities[place].texts.append(value, to: &scratch)
      if !scratch.bytes.isEmpty {
        return PersonID(kind, String(decoding: scratch.bytes, as: UTF8.self))
      }
    }
    return nil
  }
}
