import Compression
import Events
import Platform
import SQLite
import Sections

/// Reads everything that a store has on its disk and says what is wrong. It changes nothing, and works
/// beside a running program as well as alone.
package struct StoreCheck {
  /// How far it is: bytes of packs and of the database.
  package struct Progress: Sendable {
    package var done = 0
    package var total = 0

    package init() {}
  }

  /// Where the store is.
  package struct Place: Sendable {
    package let database: String
    package let packs: String

    package init(database: String, packs: String) {
      self.database = database
      self.packs = packs
    }
  }

  private let place: Place
  private let folder: Directory
  /// A program has the database open. A pack that comes or goes meanwhile is no disagreement then.
  private let isRunning: Bool
  private let onProgress: (Progress) -> Bool
  private let decompressor = ZstdDecompressor()
  private var progress = Progress()
  private var report = StoreCheckReport()
  /// The last batch of each project that a pack has the rows of.
  private var sealed: [ProjectID: Int64] = [:]

  /// `onProgress` is told after each section; false ends the check where it is.
  package init(
    _ place: Place, isRunning: Bool, onProgress: @escaping (Progress) -> Bool = { _ in true }
  ) {
    self.place = place
    folder = Directory(place.packs)
    self.isRunning = isRunning
    self.onProgress = onProgress
  }

  package consuming func run() -> StoreCheckReport {
    var catalogue = CatalogueCheck(place.database)
    catalogue.read(into: &report)
    let names: [String]
    do { names = folder.exists ? try folder.names() : [] } catch {
      report.add(.file("."), "\(error)")
      return report
    }
    let files = names.compactMap(Pack.number(ofName:)).sorted()
    progress.total = files.reduce(0) { $0 + size(of: $1) }
    for name in names where Pack.number(ofName: name) == nil {
      tell(of: name)
    }
    // What was replaced is in no answer, and whatever is wrong with it harms nobody.
    for number in files where !catalogue.retired.contains(number) {
      let known = catalogue.packs?[number]
      let header = check(number, known, catalogue)
      if catalogue.packs != nil, known == nil {
        tell(ofUnnamed: number, header, catalogue.generation)
      }
      guard onProgress(progress) else { return report }
    }
    for (number, known) in catalogue.packs ?? [:] where !files.contains(number) {
      // Under a running program a pack may have been named after the folder was listed.
      if isRunning, size(of: number) > 0 { continue }
      report.add(.pack(number), "the file is missing", events: known.rows)
    }
    catalogue.checkBatches(sealed: isRunning ? [:] : sealed, into: &report)
    return report
  }

  private func size(of number: UInt64) -> Int {
    // What cannot be measured is found when it is opened.
    (try? SystemDisk().size(of: folder.file(Pack.name(number)))) ?? 0
  }

  private mutating func tell(of name: String) {
    if name.hasSuffix(".pack.tmp") {
      if isRunning { return }
      report.add(.file(name), "left by a crash; the next start removes it", isDamage: false)
    } else if name == PackFolder.lost {
      let names = (try? folder.directory(name).names()) ?? []
      guard !names.isEmpty else { return }
      report.add(
        .file(name), "\(names.count) files that nobody could account for", isDamage: false)
    } else {
      report.add(.file(name), "not a file of the store", isDamage: false)
    }
  }

  private mutating func tell(
    ofUnnamed number: UInt64, _ header: PackIndex.Header?, _ generation: UInt64
  ) {
    // One that was just made is named in a moment.
    guard !isRunning, let header else { return }
    if header.generation > generation {
      report.add(
        .pack(number), "newer than the catalogue; the next start names it", isDamage: false)
    } else {
      report.add(
        .pack(number), "the catalogue is newer and does not name it; the next start puts it aside")
    }
  }

  /// Checks a pack section by section; nil if it could not be opened.
  private mutating func check(
    _ number: UInt64, _ known: CatalogueCheck.KnownPack?, _ catalogue: CatalogueCheck
  ) -> PackIndex.Header? {
    let aside = catalogue.aside[number] ?? [:]
    let check: PackCheck
    do { check = try PackCheck(folder.file(Pack.name(number)), decompressor) } catch {
      if isRunning, case .system(let error) = error, error.isMissing { return nil }
      report.add(.pack(number), "\(error)", events: known?.rows)
      progress.done += size(of: number)
      return nil
    }
    report.packs += 1
    let header = check.pack.header
    if header.number != number {
      report.add(.pack(number), "it says that it is pack \(header.number)", events: known?.rows)
    }
    for (project, last) in check.pack.index.sealed {
      sealed[project] = max(last, sealed[project] ?? last)
    }
    for (project, secret) in check.pack.index.secrets {
      guard let other = catalogue.secrets[project], other != secret else { continue }
      report.add(
        .pack(number), "the catalogue has another secret of its project", of: project)
    }
    let rows = check.pack.index.sections.reduce(0) { $0 + $1.rowCount }
    if let known, known.generation != header.generation || known.rows != rows {
      report.add(.pack(number), "it is not the pack that the catalogue names", events: known.rows)
    }
    for section in check.sections {
      let place = check.pack.index.sections[section]
      report.sections += 1
      do {
        try check.check(section)
        report.events += place.rowCount
        if let reason = aside[section] {
          report.add(
            .section(pack: number, number: section),
            "set aside before (\(reason)), and in order now: it stays aside", isDamage: false,
            of: place.project, events: place.rowCount)
        }
      } catch {
        let known = aside[section] == nil ? "" : " (set aside)"
        report.add(
          .section(pack: number, number: section), "\(error)\(known)", of: place.project,
          events: place.rowCount)
      }
      report.bytes += place.byteCount
      progress.done += place.byteCount
      guard onProgress(progress) else { break }
    }
    return header
  }
}
