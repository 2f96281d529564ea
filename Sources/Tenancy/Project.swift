package import Events

/// A tenant: everything else belongs to one.
package struct Project: Hashable, Sendable {
  package enum Status: String, Sendable {
    case active
    /// Takes no more events and still answers questions.
    case archived
  }

  /// What its people decide about it.
  package struct Settings: Hashable, Sendable {
    /// An IANA name; days and weeks of answers are counted in it.
    package var timeZone = "UTC"
    /// Nil keeps events for ever.
    package var retentionDays: Int?
    package var maximumCustomAttributes: Int?
    /// Nil allows every name.
    package var allowedEventNames: [String]?

    package init() {}
  }

  package let id: ProjectID
  package var name: String
  package var description: String
  package var status: Status
  package var settings: Settings
  package let createdMilliseconds: Int64
  package var updatedMilliseconds: Int64
}
