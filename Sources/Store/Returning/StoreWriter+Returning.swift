import Events
import Platform
import SQLite
import Sections

// Packs that were missing at an earlier start, and are back. While they were away nobody knew their ids, so
// that events of theirs may have come again and been taken. One of which no event did is a pack like all
// others. The events of another are taken in as if they came again (see `PackReturn`), and until that is
// over it is in no answer.
extension StoreWriter {
  /// Remembers what is missing before anything is taken in, and says which of the packs that are there
  /// have to be judged once everything else is known.
  func noteMissing(_ start: PackStart) throws(SQLiteError) -> [Pack] {
    let missed = try file.missedPacks()
    if missed.isEmpty, start.unopened.isEmpty { return [] }
    let returning = start.live.filter { pack in
      // What was made of a missing one and comes to light with it may have come again as well.
      missed.contains(pack.header.number) || !missed.isDisjoint(with: pack.index.replaced)
    }
    try file.note(missed: start.unopened.union(returning.map(\.header.number)))
    return returning
  }

  /// Makes those part of the store of which no event came again; returns the others.
  func judgeReturning(_ packs: [Pack]) throws(StoreError) -> [Pack] {
    if packs.isEmpty { return [] }
    let aside = try writing { () throws(SQLiteError) in try file.sectionsAside() }
    var comeAgain: [Pack] = []
    for pack in packs {
      if try hasComeAgain(pack) {
        comeAgain.append(pack)
        continue
      }
      try writing { () throws(SQLiteError) in try file.forget(missed: pack.header.number) }
      register(pack, aside: aside[pack.header.number] ?? [:])
    }
    return comeAgain
  }

  /// Whether the store has an event of this pack by another way; also where that cannot be read.
  private func hasComeAgain(_ pack: Pack) throws(StoreError) -> Bool {
    for (number, place) in pack.index.sections.enumerated() {
      guard let project = hot.existing(place.project) else { continue }
      let ids: [EventID]
      do throws(SectionProblem) {
        let section = try pack.section(number, through: ExtentCache(maximumBytes: 1 << 20))
        ids = try section.ids(project.secret.ids).all(section)
        // Nor may its file stay if it has anything of somebody who was erased meanwhile.
        if let people = erased[place.project], !(try people.rows(of: section).isEmpty) {
          return true
        }
      } catch { return true }
      // A print that two ids share costs a look at all of the pack, and is right all the same.
      if ids.contains(where: { !project.places(of: $0).isEmpty }) { return true }
      let sealed = SealedIDs(of: project, decompressor)
      if sealed.isEmpty { continue }
      for start in stride(from: 0, to: ids.count, by: Self.idsAtOnce) {
        let rows = Array(start..<min(start + Self.idsAtOnce, ids.count))
        let (found, damaged) = sealed.find(rows, of: ids)
        if !damaged.isEmpty {
          project.forgetSnapshot()
          try note(damaged: damaged)
        }
        if !found.isEmpty { return true }
      }
    }
    return false
  }

  private static let idsAtOnce = 16_384

  /// Every event of the pack was taken in: its file is one that was replaced.
  func retire(returned pack: Pack) throws(StoreError) {
    if hasFailed { throw .stopped }
    let now = clock.wallMilliseconds
    let number = pack.header.number
    do {
      try writing { () throws(SQLiteError) in
        try file.database.transaction { () throws(SQLiteError) in
          try file.retire(number, at: now)
          try file.forget(missed: number)
        }
      }
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
    packs.catalogue.add(PackCatalogue.Retired(number: number, since: now, pack: pack))
  }
}
