package import Events

/// What a check of the whole store has seen, and what of it is wrong.
package struct StoreCheckReport: Sendable {
  package struct Finding: Sendable, Equatable {
    /// Where: a file of the packs' folder, the catalogue, or a stored batch.
    package let place: Place
    /// In words, for people.
    package let problem: String
    /// Whether answers lack something; what is not damage is only worth knowing.
    package let isDamage: Bool
    /// Whose events are concerned, where that can be told.
    package var project: ProjectID?
    /// How many, where that can be told.
    package var events: Int?
  }

  package enum Place: Sendable, Equatable, CustomStringConvertible {
    case pack(UInt64)
    case section(pack: UInt64, number: Int)
    case file(String)
    case catalogue
    case batch(Int64)

    package var description: String {
      switch self {
      case .pack(let number): "pack \(number)"
      case .section(let pack, let number): "section \(number) of pack \(pack)"
      case .file(let name): "packs/\(name)"
      case .catalogue: "store.db"
      case .batch(let number): "stored batch \(number)"
      }
    }
  }

  package internal(set) var packs = 0
  package internal(set) var sections = 0
  /// Events of sections that were found right.
  package internal(set) var events = 0
  /// Bytes of packs that were read.
  package internal(set) var bytes = 0
  package internal(set) var batches = 0
  package internal(set) var batchEvents = 0
  package internal(set) var findings: [Finding] = []
  /// Findings that are not listed: the list is bounded.
  package internal(set) var findingsLeftOut = 0
  package internal(set) var damages = 0

  /// So many are listed; a disk that has failed as a whole would give millions.
  package static let mostFindings = 10_000

  package var isDamaged: Bool { damages > 0 }

  mutating func add(_ finding: Finding) {
    if finding.isDamage { damages += 1 }
    if findings.count < Self.mostFindings { findings.append(finding) } else { findingsLeftOut += 1 }
  }

  mutating func add(
    _ place: Place, _ problem: String, isDamage: Bool = true, of project: ProjectID? = nil,
    events: Int? = nil
  ) {
    add(
      Finding(place: place, problem: problem, isDamage: isDamage, project: project, events: events))
  }
}
