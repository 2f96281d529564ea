import Platform
import Synchronization

/// The lines that were refused, as they were, in a file of their own: to be mended and imported.
final class RejectedLines: Sendable {
  private struct State: ~Copyable {
    let file: File
    var end: Int
    var waiting: [UInt8] = []
    var failure: SystemError?
  }

  private let state: Mutex<State>
  private static let writeBytes = 64 << 10

  /// `appending` keeps what an earlier part of this import has put there.
  init(_ path: String, appending: Bool) throws(SystemError) {
    let file = try File(path, for: .writing)
    if !appending { try file.truncate(to: 0) }
    let end = try file.size
    state = Mutex(State(file: file, end: end))
  }

  func append(_ line: Span<UInt8>) {
    state.withLock { state in
      unsafe line.withUnsafeBufferPointer { unsafe state.waiting.append(contentsOf: $0) }
      state.waiting.append(0x0A)
      if state.waiting.count >= Self.writeBytes { Self.write(&state) }
    }
  }

  /// Writes what waits; throws what has gone wrong since the beginning.
  func flush() throws(SystemError) {
    let failure = state.withLock { state in
      Self.write(&state)
      return state.failure
    }
    if let failure { throw failure }
  }

  private static func write(_ state: inout State) {
    guard !state.waiting.isEmpty, state.failure == nil else { return }
    do throws(SystemError) {
      try state.file.write(state.waiting.span, at: state.end)
      state.end += state.waiting.count
      state.waiting.removeAll(keepingCapacity: true)
    } catch { state.failure = error }
  }
}
