import Intake
import Store
import Telemetry

/// What health and metrics say of the room on the disk (RELIABILITY S7).
struct DiskReport: Sendable {
  static let part = "disk"

  let store: Store

  /// Looked at when somebody asks.
  func refresh(_ health: HealthBoard) {
    let detail = Self.detail(store.room)
    health.update { $0.set(Self.part, detail == nil ? .ok : .degraded, detail) }
  }

  /// Nil where there is room.
  static func detail(_ room: Store.Room) -> String? {
    guard room.isFull else { return nil }
    let free =
      room.freeBytes.map { "\($0 >> 20) MiB (\($0) bytes) are free" }
      ?? "nobody knows how much is free"
    if room.wasFull, (room.freeBytes ?? .max) >= room.reserveBytes {
      return "the last commit found no room, though \(free): events are refused until one does"
    }
    return
      "\(free), and intake needs \(room.reserveBytes >> 20) MiB (store.min_free_bytes): events are refused"
  }

  func declare(in registry: MetricRegistry) {
    registry.gauge("tributary_disk_free_bytes", "Bytes that the disk under the store has left.") {
      store.room.freeBytes.map { Double($0) }
    }
    registry.gauge(
      "tributary_disk_reserve_bytes", "Below so many free bytes intake is refused."
    ) { Double(store.room.reserveBytes) }
  }
}
