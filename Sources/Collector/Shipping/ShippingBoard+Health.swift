import Calendar
import Events
import Telemetry

// What the state of shipping means to whoever looks at the health page.
extension ShippingBoard.State {
  var health: HealthState {
    trouble == nil && hold == nil && outage == nil && paused.isEmpty ? .ok : .degraded
  }

  /// What is wrong and since when; nil where nothing is.
  var healthDetail: String? {
    var sentences: [String] = []
    if let hold {
      sentences.append(Self.sentence(of: hold) + Self.since(troubleSince))
    } else if let trouble {
      sentences.append(Self.words(trouble) + Self.since(troubleSince))
    } else if let outage {
      sentences.append(outage.reason + Self.since(outage.since))
    }
    for pause in paused {
      sentences.append(
        "nothing of project \(pause.project.text) is shipped: " + Self.words(pause.trouble)
          + Self.since(pause.since))
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
  }

  private static func sentence(of hold: ShippingPlan.Hold) -> String {
    switch hold {
    case .retired: "shipping has stopped: the aggregator has retired this collector"
    case .otherStore: "shipping has stopped: another store answers, or one that was set back"
    case .breaker: "shipping has stopped: too many events are called wrong"
    }
  }

  private static func words(_ trouble: Trouble) -> String {
    trouble.detail.isEmpty ? trouble.code : "\(trouble.code): \(trouble.detail)"
  }

  private static func since(_ wall: Int64?) -> String {
    wall.map { " (since \(Instant(milliseconds: $0).rfc3339))" } ?? ""
  }
}
