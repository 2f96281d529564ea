package import Events

/// What an operator changes of a project; what is not named stays as it is.
package struct ProjectChanges: Equatable, Sendable {
  package enum Keeping: Equatable, Sendable {
    case forEver
    case days(Int)
  }

  /// One of IANA's names; whoever asks has looked it up.
  package var timeZone: String?
  package var keeping: Keeping?

  package init(timeZone: String? = nil, keeping: Keeping? = nil) {
    self.timeZone = timeZone
    self.keeping = keeping
  }

  package var isEmpty: Bool { self == ProjectChanges() }

  package func apply(to settings: inout Project.Settings) {
    if let timeZone { settings.timeZone = timeZone }
    switch keeping {
    case .forEver: settings.retentionDays = nil
    case .days(let days): settings.retentionDays = days
    case nil: break
    }
  }
}

extension ProjectChanges.Keeping {
  /// A number of days, or `none`, which keeps everything.
  package init(_ text: String) throws(TenancyError) {
    if text == "none" {
      self = .forEver
    } else if let days = Int(text) {
      self = .days(days)
    } else {
      throw TenancyError(.invalid, "data are kept for a number of days, or none: \(text)")
    }
  }
}

extension TenancyStore {
  package func change(
    _ id: ProjectID, _ changes: ProjectChanges
  ) throws(TenancyError) -> Project {
    guard var project = snapshot.projects[id] else { throw unknown(id) }
    changes.apply(to: &project.settings)
    return try update(project)
  }
}
