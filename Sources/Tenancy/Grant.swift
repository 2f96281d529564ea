package import Events

/// What a credential may do.
package struct Rights: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Send events.
  package static let write = Rights(rawValue: 1)
  /// Ask questions.
  package static let read = Rights(rawValue: 2)
  /// Change projects, keys and users.
  package static let administer = Rights(rawValue: 4)
}

/// What somebody who showed a good credential may do, and where.
package struct Grant: Hashable, Sendable {
  /// The public name of the credential, for logs: a key's or a client's id.
  package let credential: String
  /// Nil for the whole installation, as admin keys have it.
  package let project: ProjectID?
  package let rights: Rights

  package init(credential: String, project: ProjectID?, rights: Rights) {
    self.credential = credential
    self.project = project
    self.rights = rights
  }

  /// Whether this may be done in that project.
  package func allows(_ right: Rights, in project: ProjectID) -> Bool {
    rights.isSuperset(of: right) && (self.project == nil || self.project == project)
  }
}
