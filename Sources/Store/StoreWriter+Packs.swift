import Batches
import Events
import Platform
import SQLite
import Sections

// Packs in the catalogue. A file describes itself: one that is newer than the catalogue was written by a
// seal that a crash (or a lost tail of the log) took the naming from, and is named now.
extension StoreWriter {
  /// Opens the packs that the catalogue names, and those that it ought to. Returns what is missing.
  func openPacks() throws(StoreError) -> [PackTrouble] {
    do {
      var start = PackStart(
        named: try file.packs(), retired: try file.retiredPacks(),
        generation: try file.generation(), store: try file.identity().id,
        aside: try file.sectionsAside())
      start.look(at: try packs.numbers(), in: packs)
      for group in start.groups(now: clock.wallMilliseconds) {
        try name(group.packs, retiring: group.replaced)
      }
      for number in start.strays {
        // Where it cannot be moved it stays, in no answer, and the next start judges it again.
        _ = try? packs.setAside(number)
      }
      returning = try noteMissing(start)
      let later = Set(returning.map(\.header.number))
      for pack in start.live where !later.contains(pack.header.number) {
        register(pack, aside: start.aside[pack.header.number] ?? [:])
      }
      for (number, time) in start.retired {
        packs.catalogue.add(PackCatalogue.Retired(number: number, since: time, pack: nil))
      }
      lastPack = start.lastNumber
      unopened = start.unopened
      return start.trouble.sorted { $0.number < $1.number }
    } catch {
      switch error {
      case let error as StoreError: throw error
      case let error as SQLiteError: throw error.isFull ? .diskFull : .failed(StoreFailure(error))
      case let error as SystemError:
        throw error.isOutOfSpace ? .diskFull : .failed(StoreFailure(error))
      default: throw .damaged("\(error)")
      }
    }
  }

  /// Makes the sections of a pack part of their projects.
  func register(_ pack: Pack, aside: [Int: String]) {
    for (project, bytes) in pack.index.secrets {
      guard let secret = ProjectSecret(bytes) else { continue }
      hot.add(project, secret: secret)
    }
    packs.catalogue.add(pack)
    for (number, section) in pack.index.sections.enumerated() {
      let sealed = SealedSection(pack, number)
      if let reason = aside[number] { sealed.setAside(reason) }
      hot.project(section.project).add([sealed])
    }
  }

  /// The head of the pack that comes next.
  func nextPack() throws(StoreError) -> PackIndex.Header {
    let header = try writing { () throws(SQLiteError) in
      // Seals and merges go on beside each other: neither may get what the other has in hand.
      PackIndex.Header(
        store: try file.identity().id, number: max(try file.nextPack(), lastPack + 1),
        generation: max(try file.generation(), lastGeneration) + 1)
    }
    (lastPack, lastGeneration) = (header.number, header.generation)
    return header
  }

  /// Remembers batches that cannot be read: whatever is sealed, their rows stay.
  func setAside(_ batches: [UnreadableBatch]) throws(StoreError) {
    if batches.isEmpty { return }
    try writing { () throws(SQLiteError) in
      try file.setAside(batches, now: clock.wallMilliseconds)
    }
  }

  /// Names a pack that is on disk and takes out the batches that are in it, in one transaction.
  func name(_ pack: Pack) throws(StoreError) {
    if hasFailed { throw .stopped }
    do {
      try writing { () throws(SQLiteError) in
        try file.database.transaction { () throws(SQLiteError) in
          for (project, bytes) in pack.index.secrets {
            guard let secret = ProjectSecret(bytes) else { continue }
            try file.insert(secret, of: project)
          }
          try file.name(pack.header, pack.index)
        }
      }
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
  }
}
