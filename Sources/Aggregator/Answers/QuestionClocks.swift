import Calendar
import Events
import Tenancy

/// Whose clocks a question goes by: those that it names, else its project's.
struct QuestionClocks: Sendable {
  /// Why there are none, which is no mistake of whoever asks.
  struct Missing: Error, Equatable {
    let message: String
  }

  let zones: ZoneFiles
  let board: TenancyBoard

  init(board: TenancyBoard, zones: ZoneFiles = ZoneFiles()) {
    self.board = board
    self.zones = zones
  }

  /// The zone of this name, as the parameter `timezone` has it.
  func zone(named name: String) throws -> Zone {
    do throws(ZoneFiles.Problem) {
      return try zones.zone(named: name)
    } catch {
      guard case .unknown = error else { throw Missing(message: error.description) }
      throw QuestionParameters.Problem(
        parameter: "timezone", message: "is none: \(error.description)")
    }
  }

  /// Never another zone than the project's: its days would be somebody else's.
  func zone(of project: ProjectID) throws(Missing) -> Zone {
    let name = board.current.projects[project]?.settings.timeZone ?? Zone.utc.name
    do throws(ZoneFiles.Problem) {
      return try zones.zone(named: name)
    } catch {
      throw Missing(message: "the project's time zone: \(error.description)")
    }
  }
}
