import Crypto
import Events
import JSON
import Sections

/// What an event says about who is the same person as whom.
struct JoinOperation: Equatable {
  enum Kind: UInt8 {
    /// The id was seen with the profile: it is the profile's, unless it is somebody else's already.
    case identify = 1
    /// Somebody has said that both are one person.
    case alias = 2
    /// They are not: it takes back what was said of the two before, and every identify of them.
    case undo = 3
  }

  /// An id of a person, as it came.
  struct Subject: Equatable {
    let kind: PersonKind
    let text: String

    func hash(_ people: PersonHasher) -> PersonHash {
      let bytes = Array(text.utf8)
      return people.hash(kind, bytes.span)
    }
  }

  let kind: Kind
  let from: Subject
  let profile: String
  let position: JoinPosition

  /// The operation of an event, if it is one that joins: the event's time as the store keeps it.
  init?(_ event: Event, cts: Int64) {
    guard let profile = event.profile, !profile.isEmpty else { return nil }
    switch event.kind {
    case .identify:
      // Whose the event would be without its profile.
      if let device = event.device {
        from = Subject(kind: .device, text: device)
      } else if let visitor = event.visitor {
        from = Subject(kind: .visitor, text: visitor)
      } else {
        return nil
      }
      kind = .identify
    case .alias:
      guard let text = event.props["alias"]?.string,
        (1...EventLimits.idBytes).contains(text.utf8.count)
      else { return nil }
      switch event.props["op"]?.string {
      case "alias": kind = .alias
      case "unalias": kind = .undo
      default: return nil
      }
      switch event.props["kind"]?.string {
      case nil, "profile": from = Subject(kind: .profile, text: text)
      case "device": from = Subject(kind: .device, text: text)
      case "visitor": from = Subject(kind: .visitor, text: text)
      default: return nil
      }
    default: return nil
    }
    if from.text.isEmpty { return nil }
    self.profile = profile
    position = JoinPosition(cts: cts, id: event.id)
  }

  init(_ kind: Kind, _ from: Subject, profile: String, at position: JoinPosition) {
    self.kind = kind
    self.from = from
    self.profile = profile
    self.position = position
  }

  func hashed(_ people: PersonHasher) -> JoinGraph.Operation {
    JoinGraph.Operation(
      kind: kind, fromKind: from.kind, from: from.hash(people),
      profile: Subject(kind: .profile, text: profile).hash(people), position: position)
  }
}

/// Operations count in the order of the events that they are.
struct JoinPosition: Hashable, Comparable {
  let cts: Int64
  let id: EventID

  static func < (left: Self, right: Self) -> Bool {
    left.cts != right.cts ? left.cts < right.cts : left.id < right.id
  }
}
