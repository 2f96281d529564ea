import Events
import Platform
import Store
import Telemetry
import Tenancy

/// What the store needs now and then: merges, and whatever projects do not keep any more.
struct StoreCare: Sendable {
  let store: Store
  let tenants: Tenants
  let clock: any Clock
  let log: Log

  static let pause: Duration = .seconds(60)

  /// Returns when the work that is due is done. What fails is tried again the next time.
  func tend() async {
    do throws(StoreError) {
      try await store.tend(
        keepingSince: Self.watermarks(
          tenants.board.current.projects, now: clock.wallMilliseconds))
    } catch {
      if error == .stopped { return }  // The program ends.
      log.warning("packs could not be merged; the next attempt follows", ["error": .error(error)])
    }
  }

  /// Since when each project is to be kept. Watermarks move by a week, for a project that is kept less
  /// than thirty days by a day: every step writes the sections anew that it cuts.
  static func watermarks(
    _ projects: [ProjectID: Project], now: Int64
  ) -> [ProjectID: Int64] {
    var watermarks: [ProjectID: Int64] = [:]
    for (id, project) in projects {
      guard let days = project.settings.retentionDays else { continue }
      let step: Int64 = (days < 30 ? 1 : 7) * 86_400_000
      let time = now - Int64(days) * 86_400_000
      if time >= step { watermarks[id] = time / step * step }
    }
    return watermarks
  }
}
