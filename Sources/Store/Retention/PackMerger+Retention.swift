import Events
import Platform
import Sections

// Takes what is older than a project keeps out of packs. Windows that have gone altogether are in no
// answer since the watermark was raised; the sections of a window that is cut are written anew at once.
extension PackMerger {
  /// Rewrites the packs that have rows of before their project's watermark in a window that is cut, and
  /// those of which a quarter is in windows that have gone. Returns how many.
  func expire() async throws(StoreError) -> Int {
    var rewritten = 0
    var fixed = fixed
    for pack in packs.catalogue.live.sorted(by: { $0.header.number < $1.header.number }) {
      let number = pack.header.number
      guard !fixed.contains(number), let job = expiry(of: pack) else { continue }
      if try await merge(job, dropping: droppings(of: [pack])) {
        rewritten += 1
      } else {
        fixed = self.fixed
      }
    }
    return rewritten
  }

  /// What a merge of these packs leaves out.
  func droppings(of packs: [Pack]) -> [ShareKey: RowDropping] {
    var droppings: [ShareKey: RowDropping] = [:]
    for pack in packs {
      for (number, section) in pack.index.sections.enumerated() {
        guard let project = hot.existing(section.project) else { continue }
        let (watermark, erased) = (project.watermark, project.erased)
        let isCut = watermark > .min && (section.window.range?.lowerBound ?? .min) < watermark
        guard
          isCut
            || !erased.isEmpty && Self.erasedRows(ofSection: number, of: pack, erased) > 0
        else { continue }
        droppings[ShareKey(section.project, section.window)] = erased.dropping(before: watermark)
      }
    }
    return droppings
  }

  private func expiry(of pack: Pack) -> MergePlan.Job? {
    var (gone, all) = (0, 0)
    var isCut = false
    for (number, section) in pack.index.sections.enumerated() {
      all += section.byteCount
      guard let watermark = hot.existing(section.project)?.watermark, watermark > .min else {
        continue
      }
      if let range = section.window.range {
        if range.upperBound <= watermark { gone += section.byteCount }
        if range.upperBound <= watermark || range.lowerBound >= watermark { continue }
      }
      // What cannot be read is met again by whoever reads the section.
      guard let directory = try? pack.section(number).directory else { continue }
      if directory.times.lowerBound < watermark { isCut = true }
    }
    guard isCut || (gone > 0 && gone * MergePlan.deadShare >= all) else { return nil }
    let facts = pack.facts
    var own: [ShareKey] = []
    if case .own(let key) = facts.family { own = [key] }
    return MergePlan.Job(inputs: [facts.number], level: facts.level, own: own)
  }
}
