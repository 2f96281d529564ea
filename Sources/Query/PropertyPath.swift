/// Where an event keeps a value: a field of its own, or a key of what it carries or of whose it is.
///
/// As text: `name`, `cts`; `props.a.b`; `ctx.country`; `profile.plan`; `any.path`, which is `ctx` and,
/// where that has none, `props`; `visit.browser`, see `VisitPart`. A dot or a backslash inside a key has a backslash before it.
package struct PropertyPath: Hashable, Sendable {
  package enum Root: String, CaseIterable, Sendable {
    case props, ctx
    /// The attributes of the person's profile, as of the time that the question's scope says.
    case profile
    /// `ctx`, which intake fills, else `props`: for paths, referrers and campaigns.
    case any
  }

  package enum Place: Hashable, Sendable {
    case field(EventField)
    case key(Root, [String])
    case visit(VisitPart)
  }

  /// As deep as an event's properties may be.
  package static let maximumKeys = 15
  /// The bytes of all keys.
  package static let maximumBytes = 1_024

  package let place: Place

  package init(_ field: EventField) { place = .field(field) }

  package init(visit part: VisitPart) { place = .visit(part) }

  package init(_ root: Root, _ keys: [String]) throws(QuestionProblem) {
    guard !keys.isEmpty else { throw .path(root.rawValue + " without a key") }
    guard keys.count <= Self.maximumKeys else {
      throw .tooMany("keys in a path", limit: Self.maximumKeys)
    }
    guard keys.reduce(0, { $0 + $1.utf8.count }) <= Self.maximumBytes else {
      throw .tooMany("bytes in a path", limit: Self.maximumBytes)
    }
    place = .key(root, keys)
  }

  package init(_ text: String) throws(QuestionProblem) {
    guard text.utf8.count <= 2 * Self.maximumBytes else {
      throw .tooMany("bytes in a path", limit: Self.maximumBytes)
    }
    let parts = try Self.parts(of: text)
    if parts.count == 1, let field = EventField(rawValue: parts[0]) {
      self.init(field)
    } else if parts.count > 1, let root = Root(rawValue: parts[0]) {
      try self.init(root, Array(parts.dropFirst()))
    } else if parts.count == 2, parts[0] == "visit", let part = VisitPart(rawValue: parts[1]) {
      self.init(visit: part)
    } else {
      throw .path(text)
    }
  }

  /// Cuts at dots. By Unicode scalars, for a mark that combines with a dot leaves it a dot.
  private static func parts(of text: String) throws(QuestionProblem) -> [String] {
    var parts = [""]
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if isEscaped {
        guard scalar == "." || scalar == "\\" else { throw .path(text) }
        parts[parts.count - 1].unicodeScalars.append(scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "." {
        parts.append("")
      } else {
        parts[parts.count - 1].unicodeScalars.append(scalar)
      }
    }
    guard !isEscaped else { throw .path(text) }
    return parts
  }

  /// Keys are the same when their bytes are.
  package static func == (left: Self, right: Self) -> Bool {
    switch (left.place, right.place) {
    case (.field(let left), .field(let right)): left == right
    case (.key(let left, let leftKeys), .key(let right, let rightKeys)):
      left == right && leftKeys.elementsEqual(rightKeys) { $0.utf8.elementsEqual($1.utf8) }
    case (.visit(let left), .visit(let right)): left == right
    default: false
    }
  }
}

extension PropertyPath: CustomStringConvertible {
  /// The text that reads back as this path.
  package var description: String {
    switch place {
    case .field(let field): return field.rawValue
    case .visit(let part): return "visit.\(part.rawValue)"
    case .key(let root, let keys):
      var text = root.rawValue
      for key in keys {
        text += "."
        for scalar in key.unicodeScalars {
          if scalar == "." || scalar == "\\" { text.unicodeScalars.append("\\") }
          text.unicodeScalars.append(scalar)
        }
      }
      return text
    }
  }
}

/// What every event has, or may have, beside its properties. Ids are texts, times are milliseconds.
package enum EventField: String, CaseIterable, Sendable {
  case id = "event_id"
  case name, kind, interactive, cts, sts
  case profile = "profile_id"
  case device = "device_id"
  case session = "session_id"
  case visitor = "visitor_id"
  case source
  /// The id of the person whose event it is, after all joins; absent where it has none.
  case person
}
