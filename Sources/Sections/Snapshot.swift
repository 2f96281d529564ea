import Synchronization

/// What a question sees of a project from its start to its end: sections, sealed and hot alike, and who
/// is the same person as whom. It is a value; nothing that happens to the store changes it.
package final class Snapshot: Sendable {
  package let sections: [Section]
  /// What people and ids of the project are hashed with.
  package let secret: ProjectSecret
  /// Sections that could not be read, and why: answers lack their events, and say so.
  package let missing: [String]
  /// For each id of a person that was joined with another one: the one that stands for both.
  package let joined: JoinedPeople

  /// Told of sections that turn out to be damaged when they are read.
  private let onDamage: (@Sendable (Section, SectionProblem) -> Void)?

  private struct Kept {
    var people: PersonDirectory?
    /// With those who only have operations, and without.
    var ordinals: [Bool: PersonOrdinals] = [:]
    var profiles: ProfileTable??
  }

  private let kept = Mutex(Kept())
  /// Where directories of earlier snapshots are found, and how many sections the next one will have too.
  private let memory: PeopleMemory
  private let lasting: Int

  package init(
    _ sections: [Section], of secret: ProjectSecret, missing: [String] = [],
    joined: JoinedPeople = JoinedPeople(), remembering memory: PeopleMemory = PeopleMemory(),
    lasting: Int? = nil, onDamage: (@Sendable (Section, SectionProblem) -> Void)? = nil
  ) {
    self.onDamage = onDamage
    self.sections = sections
    self.secret = secret
    self.missing = missing
    self.joined = joined
    self.memory = memory
    self.lasting = lasting ?? sections.count
  }

  /// Who has which runs in which sections: made when somebody first asks about people, and kept.
  package func people() throws(SectionProblem) -> PersonDirectory {
    if let people = kept.withLock({ $0.people }) { return people }
    let people = try memory.directory(of: sections, lasting: lasting, joined: joined)
    kept.withLock { $0.people = people }
    return people
  }

  /// The people, and with them those who have nothing but operations on their profiles.
  package func everyone() throws(SectionProblem) -> PersonDirectory {
    try PersonDirectory(sections, joined: joined, everyone: true)
  }

  /// All ids that are this person's.
  package func ids(of person: PersonHash) -> [PersonHash] {
    let canonical = canonical(person)
    var ids = [canonical]
    joined.forEach { if $1 == canonical { ids.append($0) } }
    return ids
  }

  /// The people by run; `everyone`: also those who have nothing but operations on their profiles.
  package func ordinals(everyone: Bool = false) throws(SectionProblem) -> PersonOrdinals {
    if let ordinals = kept.withLock({ $0.ordinals[everyone] }) { return ordinals }
    let people =
      everyone ? try PersonDirectory(sections, joined: joined, everyone: true) : try self.people()
    let ordinals = try PersonOrdinals(people, sections, joined: joined)
    kept.withLock { $0.ordinals[everyone] = ordinals }
    return ordinals
  }

  /// Says that a section of this snapshot cannot be read, so that no later one has it.
  package func tell(_ problem: SectionProblem, of section: Section) { onDamage?(section, problem) }

  /// What the profiles of everyone say; nil where that is more than memory has for it.
  package func profiles() throws(SectionDamage) -> ProfileTable? {
    if let profiles = kept.withLock({ $0.profiles }) { return profiles }
    let profiles = try ProfileFold().table(of: self)
    kept.withLock { $0.profiles = .some(profiles) }
    return profiles
  }

  package func canonical(_ person: PersonHash) -> PersonHash { joined[person] ?? person }
}
