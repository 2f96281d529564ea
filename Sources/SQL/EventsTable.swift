import Platform
import Query
import Sections
import SQLite

/// The table `events`: a row an event of the project, in no order.
///
/// Bounds on `cts`, and equality of `event_name` and `profile_id`, decide which sections, blocks and
/// people are read at all; everything else is compared row by row. What a statement does not name is
/// not read: `props` and `ctx` cost most.
final class EventsTable: VirtualTable {
  enum Column: Int, CaseIterable {
    case id, name, cts, sts, profile, device, session, visitor, source, props, ctx

    var declaration: String {
      switch self {
      case .id: "event_id TEXT"
      case .name: "event_name TEXT"
      case .cts: "cts INTEGER"
      case .sts: "sts INTEGER"
      case .profile: "profile_id TEXT"
      case .device: "device_id TEXT"
      case .session: "session_id TEXT"
      case .visitor: "visitor_id TEXT"
      case .source: "source TEXT"
      case .props: "props TEXT"
      case .ctx: "ctx TEXT"
      }
    }
  }

  private let snapshot: Snapshot
  private let check: () throws -> Void

  init(_ snapshot: Snapshot, check: @escaping () throws -> Void) {
    self.snapshot = snapshot
    self.check = check
  }

  var columns: String { Column.allCases.map(\.declaration).joined(separator: ", ") }

  func plan(for constraints: [TableConstraint]) -> TablePlan {
    var plan = TablePlan(
      choosing: [], rows: max(snapshot.sections.reduce(0) { $0 + $1.rowCount }, 1), cost: 0)
    for (place, constraint) in constraints.enumerated() {
      switch (Column(rawValue: constraint.column), constraint.comparison) {
      case (.cts, _): plan.rows /= 4
      case (.name, .equal): plan.rows /= 10
      case (.profile, .equal): plan.rows /= 10_000
      default: continue
      }
      plan.chosen.append(place)
    }
    plan.rows = max(plan.rows, 1)
    plan.cost = Double(plan.rows)
    return plan
  }

  func rows(within bounds: [TableBound], columns: TableColumns) throws -> any TableRows {
    var wanted = EventBounds()
    for bound in bounds { wanted.narrow(bound) }
    return try EventRows(of: snapshot, wanted, check: check)
  }
}

/// What rows a reading is about: all that a statement could want, and maybe more.
struct EventBounds: Equatable {
  var times = Int64.min...Int64.max
  /// Nothing can be equal to what it was compared with.
  var isEmpty = false
  var name: String?
  var profile: String?

  /// Takes what a bound says into account, as far as it is a value that the column can have.
  mutating func narrow(_ bound: TableBound) {
    switch (EventsTable.Column(rawValue: bound.constraint.column), bound.value) {
    case (_, .null):
      // Nothing is equal to NULL, nor more or less.
      isEmpty = true
    case (.name, .text(let name)): self.name = name
    case (.profile, .text(let profile)): self.profile = profile
    case (.cts, .integer(let time)): narrow(bound.constraint.comparison, time)
    case (.cts, .double(let time)):
      // Times are whole: the next one on either side is not too few.
      guard let low = Int64(exactly: time.rounded(.down)),
        let high = Int64(exactly: time.rounded(.up))
      else { return }
      switch bound.constraint.comparison {
      case .less, .lessOrEqual: narrow(.lessOrEqual, high)
      case .greater, .greaterOrEqual: narrow(.greaterOrEqual, low)
      case .equal:
        narrow(.lessOrEqual, high)
        narrow(.greaterOrEqual, low)
      }
    default: break
    }
  }

  private mutating func narrow(_ comparison: TableConstraint.Comparison, _ time: Int64) {
    var low = times.lowerBound
    var high = times.upperBound
    switch comparison {
    case .equal: (low, high) = (max(low, time), min(high, time))
    case .lessOrEqual: high = min(high, time)
    case .greaterOrEqual: low = max(low, time)
    case .less:
      if time == .min { isEmpty = true } else { high = min(high, time - 1) }
    case .greater:
      if time == .max { isEmpty = true } else { low = max(low, time + 1) }
    }
    if low > high { isEmpty = true } else { times = low...high }
  }
}
