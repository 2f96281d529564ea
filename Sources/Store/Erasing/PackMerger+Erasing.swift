import Events
import Sections

// Takes people who were erased out of packs: each pack that has rows of some is written anew once, without
// any of them.
extension PackMerger {
  /// Rewrites the packs that have rows of people who were erased; returns how many rows there are still,
  /// because a pack cannot be read or another merge is under way.
  func erase() async throws(StoreError) -> Int {
    for pack in packs.catalogue.live.sorted(by: { $0.header.number < $1.header.number }) {
      guard !fixed.contains(pack.header.number), erasedRows(of: pack) > 0 else { continue }
      let facts = pack.facts
      var own: [ShareKey] = []
      if case .own(let key) = facts.family { own = [key] }
      let job = MergePlan.Job(inputs: [facts.number], level: facts.level, own: own)
      _ = try await merge(job, dropping: droppings(of: [pack]))
    }
    return packs.catalogue.live.reduce(0) { $0 + erasedRows(of: $1) }
  }

  /// Rows of people who were erased. What cannot be read may have some.
  private func erasedRows(of pack: Pack) -> Int {
    var rows = 0
    for (number, section) in pack.index.sections.enumerated() {
      guard let erased = hot.existing(section.project)?.erased, !erased.isEmpty else { continue }
      rows += Self.erasedRows(ofSection: number, of: pack, erased)
    }
    return rows
  }

  static func erasedRows(ofSection number: Int, of pack: Pack, _ erased: ErasedPeople) -> Int {
    do { return try erased.rows(of: pack.section(number)).count } catch { return 1 }
  }
}
