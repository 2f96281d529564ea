package import Platform
import Synchronization

/// TLS over any stream of bytes.
package final class TLSStream: ByteStream {
  private struct State: ~Copyable {
    let session: TLSSession
    /// Somebody is sending the output; others wait until they are through.
    var isSending = false
    var waiting: [Waiter] = []
  }

  private let transport: any ByteStream
  private let state: Mutex<State>
  /// True where the handshake agreed on TLS 1.3.
  package let isModern: Bool
  /// PEM of the authority that a pin named.
  package let pinnedAuthority: [UInt8]?

  package var peer: PeerAddress { transport.peer }

  /// Shakes hands, within the deadline that is set on `transport`. A client names the host it wants;
  /// nothing of the caller's is sent before the server's certificate was found good for it.
  package static func open(
    over transport: any ByteStream, _ context: TLSContext, host: String? = nil
  ) async throws(StreamError) -> TLSStream {
    let session: TLSSession
    do { session = try context.newSession(host: host) } catch { throw StreamError(error) }
    return try await TLSStream(shakingHandsOver: transport, session)
  }

  private init(
    shakingHandsOver transport: any ByteStream, _ session: TLSSession
  ) async throws(StreamError) {
    var buffer = InputBuffer()
    while true {
      var step = TLSSession.Step.needsInput
      var failure: TLSProblem?
      do throws(TLSProblem) { step = try session.handshake() } catch { failure = error }
      let output = session.takeOutput()
      if let failure {
        // An alert, so that the peer learns why; if it has gone, our reason is still the reason.
        if !output.isEmpty { try? await transport.write(output) }
        throw StreamError(failure)
      }
      if !output.isEmpty { try await transport.write(output) }
      if step == .done { break }
      guard try await transport.read(into: &buffer) > 0 else {
        throw .broken("the peer ended the connection during the TLS handshake")
      }
      session.receive(buffer.storage.span.extracting(buffer.window))
      buffer.consume(buffer.count)
    }
    self.transport = transport
    isModern = session.isModern
    pinnedAuthority = session.pinnedAuthority
    state = Mutex(State(session: session))
  }

  package func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int {
    var raw = InputBuffer()
    while true {
      var step = TLSSession.Step.needsInput
      var failure: TLSProblem?
      let count = unsafe buffer.fill(atLeast: Self.recordSize) { room in
        var filled = 0
        state.withLock { state in
          do throws(TLSProblem) {
            // SAFETY: the session writes into the lent room only, and only during this call.
            step = try unsafe state.session.read(room, &filled)
          } catch {
            failure = error
          }
        }
        return filled
      }
      if let failure { throw StreamError(failure) }
      if count > 0 { return count }
      if step == .ended { return 0 }
      try await send()  // Answers of TLS itself: key updates.
      buffer.releaseIfEmpty()
      // An end without a farewell may be an attacker's: whoever cuts a connection can cut an answer.
      guard try await transport.read(into: &raw) > 0 else { throw .reset }
      state.withLock { $0.session.receive(raw.storage.span.extracting(raw.window)) }
      raw.consume(raw.count)
    }
  }

  package func write(_ bytes: [UInt8]) async throws(StreamError) {
    var start = 0
    while start < bytes.count {
      let slice = bytes[start..<min(start + Self.writeSize, bytes.count)]
      do {
        try state.withLock { state throws(TLSProblem) in try state.session.write(slice) }
      } catch { throw StreamError(error) }
      try await send()
      start = slice.endIndex
    }
  }

  package func finishWriting() async {
    state.withLock { $0.session.finishWriting() }
    try? await send()  // If the farewell cannot be sent, the peer sees the end without it.
    await transport.finishWriting()
  }

  package func close() { transport.close() }

  package func abort() { transport.abort() }

  /// Bytes that wait may be TLS's own, but who is to know without reading them?
  package var isQuiet: Bool { transport.isQuiet && state.withLock { !$0.session.hasInput } }

  package func setDeadline(_ nanoseconds: UInt64) { transport.setDeadline(nanoseconds) }

  /// Sends what the session has to say. Of two tasks that come here the second waits, and finds its
  /// bytes sent or sends them.
  private func send() async throws(StreamError) {
    while true {
      let output = state.withLock { state -> [UInt8]? in
        if state.isSending { return nil }
        let output = state.session.takeOutput()
        state.isSending = !output.isEmpty
        return output
      }
      guard let output else {
        await waitForSender()
        continue
      }
      if output.isEmpty { return }
      defer { senderIsThrough() }
      try await transport.write(output)
    }
  }

  private func waitForSender() async {
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.isSending { state.waiting.append(waiter) }
        return state.isSending
      }
    }
  }

  private func senderIsThrough() {
    let waiting = state.withLock { state in
      state.isSending = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.wake() }
  }

  /// Encrypted and sent at once: OpenSSL keeps a buffer of that size for the connection's life.
  private static let writeSize = 32 * 1_024

  /// The most a TLS record can hold.
  private static let recordSize = 16 * 1_024
}

extension StreamError {
  init(_ problem: TLSProblem) { self = .broken(problem.reason) }
}
