package import Sections
import Synchronization

/// A section of a pack, opened when somebody looks: ten thousand small projects have hundreds of
/// thousands of them, and nearly none is looked at.
package final class SealedSection: Sendable, CustomStringConvertible {
  package let pack: Pack
  package let number: Int
  private let opened = Mutex<Section?>(nil)
  private let damage = Mutex<String?>(nil)
  let visible = VisibleSection()

  /// Smaller sections are opened anew for each snapshot.
  private static let keptRows = 1_000

  init(_ pack: Pack, _ number: Int) {
    self.pack = pack
    self.number = number
  }

  package var place: PackIndex.Section { pack.index.sections[number] }

  /// Why the section is set aside: then it is in no answer, and its ids count for nothing, so that an
  /// event of it that comes again is counted, and once.
  package var reasonAside: String? { damage.withLock { $0 } }

  func setAside(_ reason: String) { damage.withLock { $0 = $0 ?? reason } }

  package func open() throws(SectionProblem) -> Section {
    if let section = opened.withLock({ $0 }) { return section }
    let section = try pack.section(number)
    if section.rowCount >= Self.keptRows { opened.withLock { $0 = section } }
    return section
  }

  /// As health and answers call it.
  package var name: String { "section \(number) of pack \(pack.header.number)" }

  package var description: String { "section \(number) of \(pack.path)" }
}
