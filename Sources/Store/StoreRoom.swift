import Platform
import Synchronization

/// How much room the store's disk has (RELIABILITY S7): below a reserve nothing is taken, so that what
/// SQLite needs besides (its log, the index of its log) never meets a full disk in the middle of a commit.
/// Nobody has to open intake again: the figure is at most a second old.
///
/// Others can fill the disk behind the reserve. For that moment there is a ballast: a file that gives its
/// blocks back, so that a start on a full disk still finds room for what it has to make.
final class StoreRoom: Sendable {
  struct Configuration: Sendable {
    var folder: String
    var reserveBytes: Int
    var ballastBytes: Int
    var disk: any Disk
  }

  private struct State {
    /// Nil where the disk does not tell; then SQLite's own answer stands.
    var freeBytes: Int?
    var measured: UInt64?
    var hasBallast: Bool
    /// The last commit found no room, whatever the disk says of itself: a quota, a limit of the file.
    var wasFull = false
  }

  private let configuration: Configuration
  private let clock: any Clock
  private let state: Mutex<State>

  private static let freshNanoseconds: UInt64 = 1_000_000_000

  private var ballast: String { configuration.folder + "/store.ballast" }

  init(_ configuration: Configuration, clock: any Clock) {
    self.configuration = configuration
    self.clock = clock
    let path = configuration.folder + "/store.ballast"
    let size = try? configuration.disk.size(of: path)  // Not known is none.
    state = Mutex(State(hasBallast: (size ?? nil) ?? 0 > 0))
    _ = measure()
  }

  /// Why nothing is taken at the moment, by a figure that may be a second old.
  var refusal: StoreError? {
    let free = state.withLock { state -> Int? in
      let now = clock.monotonicNanoseconds
      if let measured = state.measured, now &- measured < Self.freshNanoseconds {
        return state.freeBytes
      }
      return look(&state)
    }
    return refusal(with: free)
  }

  /// The same by a figure of now: before a commit.
  func measure() -> StoreError? { refusal(with: state.withLock { look(&$0) }) }

  private func refusal(with free: Int?) -> StoreError? {
    guard let free, free < configuration.reserveBytes else { return nil }
    return .diskFull
  }

  private func look(_ state: inout State) -> Int? {
    state.measured = clock.monotonicNanoseconds
    do throws(SystemError) {
      state.freeBytes = try configuration.disk.fileSystem(of: configuration.folder).freeBytes
      if state.hasBallast, let free = state.freeBytes, free < configuration.ballastBytes {
        try configuration.disk.remove(ballast)
        state.hasBallast = false
      }
    } catch { state.freeBytes = nil }
    return state.freeBytes
  }

  /// Between commits: makes the ballast again where there is plenty.
  func settle() {
    let isDue = state.withLock { state in
      guard !state.hasBallast, configuration.ballastBytes > 0, let free = state.freeBytes else {
        return false
      }
      return free > configuration.reserveBytes + 4 * configuration.ballastBytes
    }
    guard isDue else { return }
    do throws(SystemError) {
      try configuration.disk.allocate(ballast, bytes: configuration.ballastBytes)
      state.withLock { $0.hasBallast = true }
    } catch {
      // Without it a start on a full disk waits for room; what is there of it goes.
      try? configuration.disk.remove(ballast)
    }
  }

  /// Whatever can go should go: there is little more than the reserve.
  var isShort: Bool {
    let status = status
    return status.wasFull || (status.freeBytes ?? .max) < 4 * configuration.reserveBytes
  }

  func foundRoom(_ hasRoom: Bool) { state.withLock { $0.wasFull = !hasRoom } }

  var status: Store.Room {
    _ = refusal
    return state.withLock { state in
      Store.Room(
        freeBytes: state.freeBytes, reserveBytes: configuration.reserveBytes,
        wasFull: state.wasFull)
    }
  }
}

extension Store {
  /// What health and metrics say of the disk.
  package struct Room: Equatable, Sendable {
    /// Nil where the disk does not tell.
    package let freeBytes: Int?
    /// Below so many free bytes intake is refused.
    package let reserveBytes: Int
    /// The last commit found no room.
    package let wasFull: Bool

    package var isFull: Bool { wasFull || (freeBytes ?? .max) < reserveBytes }
  }
}
