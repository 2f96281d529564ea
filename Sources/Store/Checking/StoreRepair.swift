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
    let packs = soundPacks()
    let state = state()
    if case .sound = state {
    } else {
      if packs.isEmpty, case .missing = state {
        report.impossible.append("there is neither a database nor a pack")
        return report
      }
      try makeAnew(state, packs)
    }
    try nameMissing(packs)
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

  /// The packs that can be opened and that no other of them replaces, by number.
  private mutating func soundPacks() -> [Pack] {
    var packs: [Pack] = []
    // A folder that cannot be listed has none for us; the program says the same when it starts.
    for name in (try? folder.names()) ?? [] {
      guard let number = Pack.number(ofName: name) else { continue }
      do throws(PackProblem) {
        let pack = try Pack(folder.file(name), cache: ExtentCache(maximumBytes: 0))
        guard pack.header.number == number else { throw .foreign }
        packs.append(pack)
      } catch { report.impossible.append("pack \(number) cannot be named: \(error)") }
    }
    let replaced = Set(packs.flatMap(\.index.replaced))
    return packs.filter { !replaced.contains($0.header.number) }
      .sorted { $0.header.number < $1.header.number }
  }

  // MARK: The database

  /// Puts a new database in the place of the old one, with what can be read of that.
  private mutating func makeAnew(_ state: State, _ packs: [Pack]) throws(StoreError) {
    var aside: String?
    if case .damaged(let reason) = state {
      let name = try setAside()
      report.done.append("the database (\(reason)) was set aside as \(name)")
      aside = Directory(path).parent.file(name)
    }
    let file = try StoreFile(Store.Configuration(path: path), random: random)
    do throws(SQLiteError) {
      let old = aside.flatMap(Self.identity)
      let stores = Dictionary(grouping: packs, by: \.header.store)
      let store = old?.id ?? stores.max { $0.value.count < $1.value.count }?.key
      if let store {
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

  /// Names what the catalogue lacks, as a start does with packs that are newer than it.
  private mutating func nameMissing(_ packs: [Pack]) throws(StoreError) {
    let file = try StoreFile(Store.Configuration(path: path), random: random)
    do throws(SQLiteError) {
      let store = try file.identity().id
      let named = try file.packs()
      var newest = try file.generation()
      for pack in packs where !named.contains(pack.header.number) {
        guard pack.header.store == store else {
          report.impossible.append("pack \(pack.header.number) belongs to another store")
          continue
        }
        newest = max(newest, pack.header.generation)
        try file.database.transaction { () throws(SQLiteError) in
          try file.nameForRepair(pack, generation: newest)
        }
        report.done.append("pack \(pack.header.number) was named")
      }
      let present = Set(packs.map(\.header.number))
      for number in named.subtracting(present).sorted() {
        report.impossible.append("pack \(number) is named, and missing or damaged")
      }
    } catch { throw .failed(StoreFailure(error)) }
  }
}

extension StoreFile {
  /// As `name`, and the catalogue's generation does not go back.
  fileprivate func nameForRepair(_ pack: Pack, generation: UInt64) throws(SQLiteError) {
    for (project, bytes) in pack.index.secrets {
      guard let secret = ProjectSecret(bytes) else { continue }
      try insert(secret, of: project)
    }
    try name(pack.header, pack.index)
    try setMeta(
      "generation", (0..<8).map { UInt8(truncatingIfNeeded: generation >> ($0 * 8)) })
  }
}
