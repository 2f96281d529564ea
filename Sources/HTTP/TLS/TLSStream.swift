package import Platform
import Synchronization

/// TLS over any stream of bytes.
package final class TLSStream: ByteStream {
  private struct State: ~Copyable {
    let session: TLSSession
    /// Somebody is sending the output; others wait until they are through.
    var isSending = false
    var waiting: [Waiter] = []

    /// What has to be sent, by the caller and nobody else until `senderIsThrough`; nil while another
    /// is sending.
    mutating func takeOutput() -> [UInt8]? {
      if isSending { return nil }
      let output = session.takeOutput()
      isSending = !output.isEmpty
      return output
    }
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
      var buffer = InputBuffer()
      guard try await transport.read(into: &buffer) > 0 else {
        throw .broken("the peer ended the connection during the TLS handshake")
      }
      session.incoming = buffer
    }
    self.transport = transport
    isModern = session.isModern
    pinnedAuthority = session.pinnedAuthority
    state = Mutex(State(session: session))
  }

  package func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int {
    var raw = InputBuffer()
    while true {
      let outcome = try decrypt(from: &raw, into: &buffer)
      // Answers of TLS itself: key updates.
      if outcome.hasOutput { try await send(state.withLock { $0.takeOutput() }) }
      if outcome.count > 0 { return outcome.count }
      if outcome.isEnded { return 0 }
      buffer.releaseIfEmpty()
      // An end without a farewell may be an attacker's: whoever cuts a connection can cut an answer.
      guard try await transport.read(into: &raw) > 0 else { throw .reset }
    }
  }

  /// Decrypts what has arrived, with `raw` behind what is left. Where that gives nothing, `raw` comes
  /// back as the memory to read into: the loop has it while we wait.
  private func decrypt(
    from raw: inout InputBuffer, into buffer: inout InputBuffer
  ) throws(StreamError) -> (count: Int, isEnded: Bool, hasOutput: Bool) {
    do {
      return try state.withLock { state throws(TLSProblem) in
        let session = state.session
        if !raw.isEmpty {
          // OpenSSL takes all before it asks for more, so nothing is left here; but who is to know?
          if session.incoming.isEmpty {
            swap(&session.incoming, &raw)
          } else {
            session.receive(raw.storage.span.extracting(raw.window))
            raw.consume(raw.count)
          }
        }
        var step = TLSSession.Step.needsInput
        var failure: TLSProblem?
        var count = 0
        if session.mayRead {
          count = unsafe buffer.fill(atLeast: session.readable) { room in
            var filled = 0
            do throws(TLSProblem) {
              // SAFETY: the session writes into the lent room only, and only during this call.
              step = try unsafe session.read(room, &filled)
            } catch {
              failure = error
            }
            return filled
          }
        }
        if let failure { throw failure }
        if count == 0, session.incoming.isEmpty { swap(&session.incoming, &raw) }
        return (count, step == .ended, session.hasOutput)
      }
    } catch { throw StreamError(error) }
  }

  package func write(_ bytes: [UInt8]) async throws(StreamError) {
    var start = 0
    while start < bytes.count {
      let slice = bytes[start..<min(start + Self.writeSize, bytes.count)]
      let output: [UInt8]?
      do {
        output = try state.withLock { state throws(TLSProblem) in
          try state.session.write(slice)
          return state.takeOutput()
        }
      } catch { throw StreamError(error) }
      try await send(output)
      start = slice.endIndex
    }
  }

  package func finishWriting() async {
    let output = state.withLock { state in
      state.session.finishWriting()
      return state.takeOutput()
    }
    try? await send(output)  // If the farewell cannot be sent, the peer sees the end without it.
    await transport.finishWriting()
  }

  package func close() { transport.close() }

  package func abort() { transport.abort() }

  /// Bytes that wait may be TLS's own, but who is to know without reading them?
  package var isQuiet: Bool { transport.isQuiet && state.withLock { !$0.session.hasInput } }

  package func setDeadline(_ nanoseconds: UInt64) { transport.setDeadline(nanoseconds) }

  /// Sends what was taken of the session's output, or waits until whoever is sending is through. Of
  /// two tasks that come here the second finds its bytes sent, or sends them.
  private func send(_ taken: [UInt8]?) async throws(StreamError) {
    var output = taken
    while output == nil {
      await waitForSender()
      output = state.withLock { $0.takeOutput() }
    }
    guard let output, !output.isEmpty else { return }
    defer { senderIsThrough() }
    try await transport.write(output)
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

  /// Encrypted and sent at once: more would have a large answer in memory twice.
  private static let writeSize = 32 * 1_024
}

extension StreamError {
  init(_ problem: TLSProblem) { self = .broken(problem.reason) }
}
