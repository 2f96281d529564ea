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
    var trouble: [PackTrouble] = []
    do {
      var named = try file.packs()
      let generation = try file.generation()
      let store = try file.identity().id
      let aside = try file.sectionsAside()
      for number in try packs.numbers() {
        do {
          let pack = try packs.open(number)
          guard pack.header.number == number, pack.header.store == store else {
            throw PackProblem.foreign
          }
          if named.remove(number) == nil {
            guard pack.header.generation > generation else { throw PackProblem.unnamed }
            try name(pack)
          }
          register(pack, aside: aside[number] ?? [:])
        } catch let problem as PackProblem {
          trouble.append(PackTrouble(number: number, reason: "\(problem)"))
          // A damaged pack that is named stays where it is: it may be mended, or copied back.
          if named.remove(number) == nil { try packs.setAside(number) }
        }
      }
      for number in named.sorted() {
        trouble.append(PackTrouble(number: number, reason: "the file is missing"))
      }
    } catch {
      switch error {
      case let error as StoreError: throw error
      case let error as SQLiteError: throw error.isFull ? .diskFull : .failed(StoreFailure(error))
      case let error as SystemError:
        throw error.isOutOfSpace ? .diskFull : .failed(StoreFailure(error))
      default: throw .damaged("\(error)")
      }
    }
    return trouble
  }

  /// Makes the sections of a pack part of their projects.
  private func register(_ pack: Pack, aside: [Int: String]) {
    for (project, bytes) in pack.index.secrets {
      guard let secret = ProjectSecret(bytes) else { continue }
      hot.add(project, secret: secret)
    }
    for (number, section) in pack.index.sections.enumerated() {
      let sealed = SealedSection(pack, number)
      if let reason = aside[number] { sealed.setAside(reason) }
      hot.project(section.project).add([sealed])
    }
  }

  /// The head of the pack that comes next.
  func nextPack() throws(StoreError) -> PackIndex.Header {
    try writing { () throws(SQLiteError) in
      PackIndex.Header(
        store: try file.identity().id, number: try file.nextPack(),
        generation: try file.generation() + 1)
    }
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
