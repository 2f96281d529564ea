import Batches
import Events
package import Platform
import SQLite
import Sections

/// Makes the catalogue again from the files, where the database is lost, damaged or older than they
/// are. Nothing is deleted: a database that is replaced stays beside the new one under a name that says
/// so. What is in order is left alone, so that a second repair has nothing to do.
///
/// For whoever has the folder alone: no program runs.
package struct StoreRepair {
  package struct Report: Sendable {
    package internal(set) var done: [String] = []
    package internal(set) var impossible: [String] = []
  }

  private let path: String
  private let folder: Directory
  private let clock: any Clock
  private let random: any RandomSource
  private var report = Report()

  package init(
    _ place: StoreCheck.Place, clock: any Clock, random: any RandomSource
  ) {
    path = place.database
    folder = Directory(place.packs)
    self.clock = clock
    self.random = random
  }

  package consuming func run() throws(StoreError) -> Report {
    let numbers = self.numbers
    let state = state()
    if case .sound = state {
    } else {
      if case .missing = state, majority(of: numbers) == nil {
        report.impossible.append("there is neither a database nor a pack")
        return report
      }
      try makeAnew(state, numbers)
    }
    try nameMissing(numbers)
    return report
  }

  // MARK: What there is

  private enum State {
    case sound, missing
    case damaged(String)
  }

  private func state() -> State {
    do {
      guard try SystemDisk().size(of: path) != nil else { return .missing }
      let database = try Database(path: path, configuration: .reader())
      let answer = try database.withStatement("PRAGMA quick_check(1)") {
        statement throws(SQLiteError) in try statement.step() ? statement.text(0) : "no answer"
      }
      guard answer == "ok" else { return .damaged(answer) }
      let file = StoreFile(reading: database)
      guard try file.meta("store_uuid") != nil else { return .damaged("it says no identity") }
      _ = try file.packs()
      _ = try file.secrets()
      return .sound
    } catch { return .damaged("\(error)") }
  }

  /// The numbers of the files that packs have. A folder that cannot be listed has none for us; the
  /// program says the same when it starts.
  private var numbers: [UInt64] {
    ((try? folder.names()) ?? []).compactMap(Pack.number(ofName:)).sorted()
  }

  /// Which store most of them belong to.
  private func majority(of numbers: [UInt64]) -> StoreID? {
    var counts: [StoreID: Int] = [:]
    for number in numbers {
      let path = folder.file(Pack.name(number))
      // What cannot be opened is told when it is to be named.
      guard let pack = try? Pack(path, cache: ExtentCache(maximumBytes: 0)) else { continue }
      counts[pack.header.store, default: 0] += 1
    }
    return counts.max { $0.value < $1.value }?.key
  }

  // MARK: The database

  /// Puts a new database in the place of the old one, with what can be read of that.
  private mutating func makeAnew(_ state: State, _ numbers: [UInt64]) throws(StoreError) {
    var aside: String?
    if case .damaged(let reason) = state {
      let name = try setAside()
      report.done.append("the database (\(reason)) was set aside as \(name)")
      aside = Directory(path).parent.file(name)
    }
    let file = try StoreFile(Store.Configuration(path: path), random: random)
    do throws(SQLiteError) {
      let old = aside.flatMap(Self.identity)
      if let store = old?.id ?? majority(of: numbers) {
        var bytes: [UInt8] = []
        store.append(to: &bytes)
        try file.setMeta("store_uuid", bytes)
      }
      // As after a restored backup: collectors compare, and send again what is not here.
      let incarnation = old.map { $0.incarnation + 1 } ?? UInt64(max(2, clock.wallMilliseconds))
      try file.setMeta(
        "incarnation", (0..<8).map { UInt8(truncatingIfNeeded: incarnation >> ($0 * 8)) })
    } catch { throw .failed(StoreFailure(error)) }
    report.done.append("a new database was made")
    guard let aside else { return }
    let salvage = StoreSalvage(of: aside, into: file.database)
    report.done.append("\(salvage.rows) rows of the old one were carried over")
    report.impossible += salvage.lost
  }

  private static func identity(ofDamaged path: String) -> StoreIdentity? {
    // What cannot be read is told by the packs.
    guard let database = try? Database(path: path, configuration: .evidence()),
      let identity = try? StoreFile(reading: database).identity(), identity.incarnation > 0
    else { return nil }
    return identity
  }

  /// Renames the database with its log, and says its new name.
  private func setAside() throws(StoreError) -> String {
    let parent = Directory(path).parent
    do throws(SystemError) {
      let names = Set(try parent.names())
      var number = 1
      let own = String(path.dropFirst(parent.path.count + 1))
      while names.contains("\(own).damaged-\(number)") { number += 1 }
      let name = "\(own).damaged-\(number)"
      // The log first: without it the database is only older; a log without its database is lost.
      for suffix in ["-wal", "-shm", ""] where names.contains(own + suffix) {
        try SystemDisk().rename(parent.file(own + suffix), to: parent.file(name + suffix))
      }
      try parent.synchronize()
      return name
    } catch { throw .failed(StoreFailure(error)) }
  }

  // MARK: The catalogue

  /// Names what the catalogue lacks, by the same judgement as a start has of packs that are newer than
  /// it: a merge comes to its end or to nothing, and what it replaces is retired. Whether a pack is newer
  /// is not asked: somebody wants it named.
  private mutating func nameMissing(_ numbers: [UInt64]) throws(StoreError) {
    let file = try StoreFile(Store.Configuration(path: path), random: random)
    do throws(SQLiteError) {
      let named = try file.packs()
      let now = clock.wallMilliseconds
      var start = PackStart(
        named: named, retired: try file.retiredPacks(), generation: nil,
        store: try file.identity().id, aside: try file.sectionsAside())
      start.look(at: numbers, in: PackFolder(folder.path, cacheBytes: 0))
      for group in start.groups(now: now) {
        try file.database.transaction { () throws(SQLiteError) in
          for pack in group.packs { try file.nameForRepair(pack) }
          for number in group.replaced { try file.retire(number, at: now) }
        }
        for pack in group.packs { report.done.append("pack \(pack.header.number) was named") }
      }
      for trouble in start.trouble.sorted(by: { $0.number < $1.number }) {
        report.impossible.append(
          named.contains(trouble.number)
            ? "pack \(trouble.number) is named, and cannot be opened: \(trouble.reason)"
            : "pack \(trouble.number) cannot be named: \(trouble.reason)")
      }
    } catch { throw .failed(StoreFailure(error)) }
  }
}

extension StoreFile {
  fileprivate func nameForRepair(_ pack: Pack) throws(SQLiteError) {
    for (project, bytes) in pack.index.secrets {
      guard let secret = ProjectSecret(bytes) else { continue }
      try insert(secret, of: project)
    }
    try name(pack.header, pack.index)
  }
}
