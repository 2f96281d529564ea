import Query
import Sections

/// The profiles of everyone whom a question may meet, and as of when it asks for them.
package final class ProfileSource: Sendable {
  let table: ProfileTable
  let people: PersonOrdinals
  let time: ProfileTime

  init(_ table: ProfileTable, of people: PersonOrdinals, _ time: ProfileTime) {
    self.table = table
    self.people = people
    self.time = time
  }
}

extension Attempt {
  /// The profiles, if some condition of the scope or of these selectors asks for them.
  func profiles(
    for scope: Scope, _ selectors: [EventSelector] = []
  ) async throws(KernelFailure) -> ProfileSource? {
    let filters = [scope.filter] + selectors.map(\.filter)
    guard filters.contains(where: \.condition.asksForProfiles) else { return nil }
    let people = try await ordinals(everyone: true)
    let snapshot = snapshot
    let table = try await once { () throws(KernelFailure) in
      do { return try snapshot.profiles() } catch { throw .question(.unreadable("\(error)")) }
    }
    guard let table else { throw .question(.overBudget(bytes: ProfileTable.maximumBytes)) }
    return ProfileSource(table, of: people, scope.profiles)
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
