import Platform
import Synchronization

@testable import HTTP

/// A connection whose client is a script: it says its bytes, then nothing, and takes answers only
/// when it is let.
final class ScriptedStream: ByteStream {
  private struct State {
    var incoming: [[UInt8]]
    var mayWrite: Bool
    var isClosed = false
    var written: [UInt8] = []
    var reader: Waiter?
    var writer: Waiter?
  }
  private let state: Mutex<State>
  let peer = PeerAddress(text: "script")

  init(_ incoming: [String], mayWrite: Bool = true) {
    state = Mutex(State(incoming: incoming.map { Array($0.utf8) }, mayWrite: mayWrite))
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }
  var written: String { state.withLock { String(decoding: $0.written, as: UTF8.self) } }
  var isWaitingToWrite: Bool { state.withLock { $0.writer != nil } }

  func letWrite() {
    let writer = state.withLock { state in
      state.mayWrite = true
      defer { state.writer = nil }
      return state.writer
    }
    writer?.wake()
  }

  func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int {
    while true {
      let next = try state.withLock { state throws(StreamError) -> [UInt8]? in
        if state.isClosed { throw .closed }
        return state.incoming.isEmpty ? nil : state.incoming.removeFirst()
      }
      if let next {
        buffer.append(next)
        return next.count
      }
      await Waiter.wait { waiter in
        state.withLock { state in
          if state.isClosed { return false }
          state.reader = waiter
          return true
        }
      }
    }
  }

  func write(_ bytes: [UInt8]) async throws(StreamError) {
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.isClosed || state.mayWrite { return false }
        state.writer = waiter
        return true
      }
    }
    try state.withLock { state throws(StreamError) in
      if state.isClosed { throw .closed }
      state.written += bytes
    }
  }

  func finishWriting() async {}

  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { (state.reader, state.writer) = (nil, nil) }
      return [state.reader, state.writer].compactMap { $0 }
    }
    for waiter in waiting { waiter.wake() }
  }

  func setDeadline(_ nanoseconds: UInt64) {}
}
