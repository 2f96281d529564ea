import Synchronization

/// The directories of people of a project's last snapshots. The next one mostly has the same sections
/// and some more, and a few people who were joined since: then its directory is made from theirs.
package final class PeopleMemory: Sendable {
  private struct Known {
    let directory: PersonDirectory
    let joined: JoinedPeople
    /// Not held: what merges have replaced may go.
    let sections: [Place]

    struct Place {
      weak var section: Section?
    }

    init(_ directory: PersonDirectory, of sections: some Sequence<Section>, joined: JoinedPeople) {
      self.directory = directory
      self.joined = joined
      self.sections = sections.map { Place(section: $0) }
    }

    /// Whether these are the first of some sections.
    func begins(_ sections: ArraySlice<Section>) -> Bool {
      self.sections.count <= sections.count
        && zip(self.sections, sections).allSatisfy { $0.section === $1 }
    }
  }

  private let known = Mutex<[Known]>([])

  package init() {}

  /// The directory of these sections. Of the first ones, `lasting`, it is assumed that the next snapshot
  /// will have them too, whatever becomes of the others.
  func directory(
    of sections: [Section], lasting: Int, joined: JoinedPeople
  ) throws(SectionProblem) -> PersonDirectory {
    let known = known.withLock { $0 }
    let base = try Self.directory(of: sections[..<lasting], joined, from: known)
    var kept = [base]
    if lasting < sections.count {
      kept.append(try Self.directory(of: sections[...], joined, from: known + [base]))
    }
    let latest = kept
    self.known.withLock { $0 = latest }
    return latest[latest.count - 1].directory
  }

  private static func directory(
    of sections: ArraySlice<Section>, _ joined: JoinedPeople, from known: [Known]
  ) throws(SectionProblem) -> Known {
    let old = known.filter { $0.begins(sections) }.max { $0.sections.count < $1.sections.count }
    if let old, old.sections.count > 0 {
      let directory = try DirectoryExtension.directory(
        extending: old.directory, of: old.sections.count, joined: old.joined, to: Array(sections),
        joined: joined)
      if let directory { return Known(directory, of: sections, joined: joined) }
    }
    return Known(
      try PersonDirectory(Array(sections), joined: joined), of: sections, joined: joined)
  }
}
