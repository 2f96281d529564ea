package import Events
package import Sections
import Synchronization

/// That a person was erased: from which moment on nothing of theirs is in an answer, and when the last
/// byte of it was gone. It knows the person by keyed hashes alone.
package struct PersonErasure: Equatable, Sendable {
  package let number: Int64
  package let project: ProjectID
  /// The time of the wall, in milliseconds.
  package let erased: Int64
  /// What the person did up to this time is gone; what comes under one of the ids and is later is
  /// somebody new.
  package let until: Int64
  /// Every id that was the person's.
  package let ids: [PersonHash]
  /// When nothing of it was in a file any more; nil while something is.
  package let done: Int64?

  package init(
    number: Int64, project: ProjectID, erased: Int64, until: Int64, ids: [PersonHash], done: Int64?
  ) {
    self.number = number
    self.project = project
    self.erased = erased
    self.until = until
    self.ids = ids
    self.done = done
  }
}

extension [PersonErasure] {
  /// By project, all that is erased.
  var people: [ProjectID: ErasedPeople] {
    var people: [ProjectID: ErasedPeople] = [:]
    for erasure in self {
      for id in erasure.ids {
        people[erasure.project, default: ErasedPeople()].add(id, until: erasure.until)
      }
    }
    return people
  }
}

/// A section as questions see it: without those who were erased. What was found of it is kept for as
/// long as nobody else is erased.
final class VisibleSection: Sendable {
  private let kept = Mutex<(erased: ErasedPeople, section: Section)?>(nil)

  func section(of base: Section, without erased: ErasedPeople) throws(SectionProblem) -> Section {
    if erased.isEmpty { return base }
    if let kept = kept.withLock({ $0 }), kept.erased == erased { return kept.section }
    let hidden = try erased.rows(of: base)
    let section = hidden.isEmpty ? base : try base.hiding(hidden)
    kept.withLock { $0 = (erased, section) }
    return section
  }
}
