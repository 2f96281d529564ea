/// How well a part works.
package enum HealthState: Int, Comparable, Sendable, CustomStringConvertible {
  case ok
  /// It works, less well than it should: somebody ought to look.
  case degraded
  case failed

  package var description: String {
    switch self {
    case .ok: "ok"
    case .degraded: "degraded"
    case .failed: "failed"
    }
  }

  package static func < (left: HealthState, right: HealthState) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// How a program and what it depends on are doing, as a value: programs keep one, report changes to
/// it, and mount its three answers.
package struct Health: Sendable {
  /// What the failure of a part means to whoever supervises the program.
  package enum Weight: Sendable {
    /// Nothing that a load balancer or a restart would mend, such as an aggregator out of reach.
    case informative
    /// The program cannot serve until it is better: send requests elsewhere.
    case readiness
    /// The program will not get better by itself: restart it.
    case liveness
  }

  package enum Phase: Sendable, CustomStringConvertible {
    case starting, serving, stopping
    package var description: String {
      switch self {
      case .starting: "starting"
      case .serving: "serving"
      case .stopping: "stopping"
      }
    }
  }

  package struct Part: Equatable, Sendable {
    package let name: String
    package let weight: Weight
    package var state: HealthState
    package var detail: String?
  }

  package let service: String
  package let version: String
  package var phase = Phase.starting
  /// In the order of declaration.
  package private(set) var parts: [Part] = []

  package init(service: String, version: String) {
    self.service = service
    self.version = version
  }

  /// Declares a part. `name` is a word for people and machines, such as `spool`.
  package mutating func add(
    _ name: String, _ weight: Weight, _ state: HealthState = .ok, _ detail: String? = nil
  ) {
    precondition(!parts.contains { $0.name == name }, "\(name) is declared twice")
    parts.append(Part(name: name, weight: weight, state: state, detail: detail))
  }

  /// Says how a declared part is. The detail is shown to whoever asks, so it names no secret.
  package mutating func set(_ name: String, _ state: HealthState, _ detail: String? = nil) {
    guard let index = parts.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("\(name) is not a part that was declared")
    }
    parts[index].state = state
    parts[index].detail = detail
  }

  /// The worst of all parts, where one that is only informative degrades the whole at most.
  package var state: HealthState {
    parts.map { $0.weight == .informative ? min($0.state, .degraded) : $0.state }.max() ?? .ok
  }

  /// Whether a restart would help no more than waiting.
  package var isLive: Bool { !parts.contains { $0.weight == .liveness && $0.state == .failed } }

  /// Whether requests should come here.
  package var isReady: Bool {
    phase == .serving && !parts.contains { $0.weight != .informative && $0.state == .failed }
  }
}
