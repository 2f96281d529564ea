import Events
import Platform
import SQLite
import Sections

// What a merge changes in the catalogue, on the store's thread: the results are named and the inputs
// retired in one transaction, and from the same turn on answers and look-ups of ids have the results.
extension StoreWriter {
  /// The heads of the packs that come next.
  func nextPacks(_ count: Int) throws(StoreError) -> [PackIndex.Header] {
    var headers: [PackIndex.Header] = []
    for _ in 0..<count { headers.append(try nextPack()) }
    return headers
  }

  func note(damaged sections: [SealedSection]) throws(StoreError) {
    try writing { () throws(SQLiteError) in try file.setAside(sections) }
  }

  /// Puts packs that are on disk in the place of others whose rows they have.
  func replace(_ inputs: [Pack], by merged: [Pack]) throws {
    let numbers = inputs.map(\.header.number)
    // A section that was found damaged meanwhile counts nowhere: its events may have come again.
    let retired = Set(numbers)
    let isOvertaken = Self.projects(of: inputs).contains { project in
      hot.existing(project)?.sealed.contains {
        $0.reasonAside != nil && retired.contains($0.pack.header.number)
      } ?? false
    }
    if isOvertaken { throw PackMergeProblem.overtaken }
    try name(merged, retiring: numbers)
    configuration.reached?(.mergeNamed)
    show(merged, insteadOf: inputs)
    configuration.reached?(.mergeShown)
  }

  private static func projects(of packs: [Pack]) -> Set<ProjectID> {
    Set(packs.lazy.flatMap(\.index.sections).map(\.project))
  }

  /// Names packs and retires those that they replace.
  func name(_ merged: [Pack], retiring numbers: [UInt64]) throws(StoreError) {
    if hasFailed { throw .stopped }
    let now = clock.wallMilliseconds
    do {
      try writing { () throws(SQLiteError) in
        try file.database.transaction { () throws(SQLiteError) in
          for pack in merged {
            for (project, bytes) in pack.index.secrets {
              guard let secret = ProjectSecret(bytes) else { continue }
              try file.insert(secret, of: project)
            }
            try file.name(pack.header, pack.index)
          }
          for number in numbers { try file.retire(number, at: now) }
        }
      }
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
  }

  private func show(_ merged: [Pack], insteadOf inputs: [Pack]) {
    var byProject: [ProjectID: [SealedSection]] = [:]
    for pack in merged {
      packs.catalogue.add(pack)
      for (number, section) in pack.index.sections.enumerated() {
        byProject[section.project, default: []].append(SealedSection(pack, number))
      }
    }
    let numbers = inputs.map(\.header.number)
    let retired = Set(numbers)
    for id in Self.projects(of: inputs) {
      hot.project(id).replace(packs: retired, by: byProject[id] ?? [])
    }
    packs.catalogue.retire(numbers, at: clock.wallMilliseconds)
  }

  // MARK: Files that were replaced

  /// Whether the file of a replaced pack says or has what no other does. What it was made of itself goes
  /// before it: only it tells, beside an older catalogue, that those rows are in others now. And while a
  /// pack that may have replaced it cannot be opened, its rows may be nowhere else: results have greater
  /// numbers than what they are made of.
  private func isNeeded(_ number: UInt64) -> Bool {
    if let last = unopened.max(), number < last { return true }
    let before = packs.catalogue.retired.map(\.number).filter { $0 < number }
    if before.isEmpty { return false }
    // One that cannot be read any more waits for all that may be its own.
    guard let pack = try? packs.open(number) else { return true }
    return !Set(before).isDisjoint(with: pack.index.replaced)
  }

  /// Unlinks the files of packs that were replaced once nobody can need them: the commit that says so is
  /// in the database file, no question or copy reads them, and a grace has passed. Returns how many.
  /// `isUrgent`: without the grace.
  func unlinkRetired(isUrgent: Bool = false) throws(StoreError) -> Int {
    if hasFailed { throw .stopped }
    let now = clock.wallMilliseconds
    let grace = Int64(configuration.mergeGrace / .milliseconds(1))
    let isShort = room.isShort
    let due = packs.catalogue.retired.filter { retired in
      retired.pack == nil && (isShort || isUrgent || now - retired.since >= grace)
    }
    if due.isEmpty { return 0 }
    configuration.reached?(.unlinkBegun)
    // Whatever the log said is in the database file and synced, and the log is empty: should its end be
    // lost, or a bit of it flip, the catalogue still knows that these packs were replaced.
    let isSafe = try writing { () throws(SQLiteError) in
      guard try file.database.checkpoint(.passive).isComplete else { return false }
      return try file.database.checkpoint(.truncate).isComplete
    }
    guard isSafe else { return 0 }
    configuration.reached?(.unlinkCheckpointed)
    var gone: [UInt64] = []
    for retired in due where !isNeeded(retired.number) {
      do throws(SystemError) {
        let isUnlinked = try packs.pins.unlink(retired.number) { () throws(SystemError) in
          try packs.remove(retired.number)
        }
        if isUnlinked {
          gone.append(retired.number)
          packs.catalogue.forget(retired: retired.number)
        }
      } catch { throw .failed(StoreFailure(error)) }
      configuration.reached?(.unlinked)
    }
    if gone.isEmpty { return 0 }
    do { try packs.synchronize() } catch { throw .failed(StoreFailure(error)) }
    try writing { () throws(SQLiteError) in
      try file.database.transaction { () throws(SQLiteError) in
        for number in gone { try file.forget(retired: number) }
      }
    }
    configuration.reached?(.unlinkForgotten)
    return gone.count
  }
}
