import Query
import Sections
import Synchronization

/// The profiles of everyone whom a question may meet, and as of when it asks for them.
package final class ProfileSource: Sendable {
  let table: ProfileTable
  let people: PersonOrdinals
  let time: ProfileTime

  private struct Kept {
    /// By the bytes of a key; texts are equal however their letters are written.
    var attributes: [[UInt8]: ProfileAttribute?] = [:]
    /// By the bytes of a path's keys, of one question's numbers.
    var groups: [[[UInt8]]: [GroupNumber]] = [:]
    var numbers: ObjectIdentifier?
  }

  private let kept = Mutex(Kept())

  init(_ table: ProfileTable, of people: PersonOrdinals, _ time: ProfileTime) {
    self.table = table
    self.people = people
    self.time = time
  }

  /// Nil where nobody ever had it.
  func attribute(_ key: String) -> ProfileAttribute? {
    kept.withLock { kept in
      let bytes = Array(key.utf8)
      if let known = kept.attributes[bytes] { return known }
      let attribute = ProfileAttribute(key, of: self)
      kept.attributes[bytes] = .some(attribute)
      return attribute
    }
  }

  /// The numbers of an attribute's values, by change: found once for all threads and sections.
  func groups(
    at keys: [String], of attribute: ProfileAttribute, _ numbers: ValueNumbers
  ) -> [GroupNumber] {
    kept.withLock { kept in
      let place = keys.map { Array($0.utf8) }
      if kept.numbers != ObjectIdentifier(numbers) {
        kept.numbers = ObjectIdentifier(numbers)
        kept.groups = [:]
      }
      if let known = kept.groups[place] { return known }
      let groups = attribute.ofChanges(keys.dropFirst()) { GroupNumber($0, numbers) }
      kept.groups[place] = groups
      return groups
    }
  }
}

extension Attempt {
  /// The profiles, if some condition of the scope or of these selectors, or one of these paths, asks for
  /// them.
  func profiles(
    for scope: Scope, _ selectors: [EventSelector] = [], _ paths: [PropertyPath] = []
  ) async throws(KernelFailure) -> ProfileSource? {
    let filters = [scope.filter] + selectors.map(\.filter)
    guard
      paths.contains(where: \.isOfProfile)
        || filters.contains(where: \.condition.asksForProfiles)
    else { return nil }
    let people = try await ordinals(everyone: true)
    let snapshot = snapshot
    let table = try await once { () throws(KernelFailure) in
      do throws(SectionDamage) { return try snapshot.profiles() } catch {
        throw .section(error.section, error.problem)
      }
    }
    guard let table else { throw .question(.overBudget(bytes: ProfileTable.maximumBytes)) }
    return ProfileSource(table, of: people, scope.profiles)
  }
}

extension FlowKernels {
  /// The marks of a question's events, and the profiles that these or the question's values ask for.
  func marks(
    _ scope: Scope, _ selectors: [EventSelector], times: Range<Int64>? = nil,
    values paths: [PropertyPath] = []
  ) async throws(KernelFailure) -> EventMarks {
    let attempt = Attempt(snapshot: snapshot, threads: threads, budget: budget)
    let profiles = try await attempt.profiles(for: scope, selectors, paths)
    return try KernelFailure.asking { () throws(QueryError) in
      try EventMarks(scope, selectors, times: times, profiles: profiles)
    }
  }
}

extension Condition {
  /// Whether some part of it is about an attribute of a profile.
  var asksForProfiles: Bool {
    switch self {
    case .all(let parts), .any(let parts): parts.contains(where: \.asksForProfiles)
    case .not(let part): part.asksForProfiles
    case .search: false
    case .compare(let path, _, _), .isIn(let path, _), .text(let path, _), .exists(let path):
      path.isOfProfile
    }
  }
}

extension PropertyPath {
  var isOfProfile: Bool {
    if case .key(.profile, _) = place { true } else { false }
  }
}
