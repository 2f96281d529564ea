private import CLinux
internal import Glibc
import Synchronization

/// A connected socket (TCP or unix) on an event loop.
package final class Socket: ByteStream, EventSource {
  private struct State {
    // Edge-triggered: true until a call shows that the kernel has nothing for us.
    var mayRead = true
    var mayWrite = true
    /// The peer sends no more: reads answer at once from now on. No further edge would say so.
    var isEnded = false
    var isClosed = false
    var isExpired = false
    var reader: Waiter?
    var writer: Waiter?
  }

  private let descriptor: Descriptor
  private let loop: EventLoop
  private let state = Mutex(State())
  private let token = Atomic<UInt64>(.max)
  private let deadlineNanoseconds = Atomic<UInt64>(.max)
  package let peer: PeerAddress

  /// Room that a read offers the kernel.
  private static let readSize = 16 * 1_024

  /// Takes over a connected (or connecting) non-blocking descriptor.
  init(
    _ descriptor: consuming Descriptor, peer: PeerAddress, on loop: EventLoop
  ) throws(SystemError) {
    self.descriptor = descriptor
    self.loop = loop
    self.peer = peer
    let token = try loop.add(self, descriptor: self.descriptor.raw)
    self.token.store(token, ordering: .relaxed)
  }

  // MARK: Reading

  package func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int {
    while true {
      let mustWait = try state.withLock { state throws(StreamError) in
        try Self.check(state)
        if state.isEnded { return false }
        // Cleared before the call: what arrives during it sets it again.
        defer { state.mayRead = false }
        return !state.mayRead
      }
      if mustWait {
        loop.takeRoom(of: &buffer)
        await waitUntilReadable()
        continue
      }
      loop.giveRoom(to: &buffer)
      var offered = 0
      var result = 0
      _ = unsafe buffer.fill(atLeast: Self.readSize) { room in
        offered = room.count
        // SAFETY: the kernel writes at most `count` bytes into this buffer.
        result = unsafe recv(descriptor.raw, room.baseAddress, room.count, 0)
        return max(result, 0)
      }
      if result >= 0 {
        // A short read has emptied the socket; a full one has perhaps not.
        if result == offered { state.withLock { $0.mayRead = true } }
        // Our own close looks like the peer's end to a call that was under way.
        if result == 0 { try state.withLock { state throws(StreamError) in try Self.check(state) } }
        return result
      }
      try handle(errno, "recv")
    }
  }

  private func waitUntilReadable() async {
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.mayRead || state.isEnded || state.isClosed || state.isExpired { return false }
        precondition(state.reader == nil, "two tasks read from one socket")
        state.reader = waiter
        return true
      }
    }
  }

  // MARK: Writing

  package func write(_ bytes: [UInt8]) async throws(StreamError) {
    var sent = 0
    while sent < bytes.count {
      let mustWait = try state.withLock { state throws(StreamError) in
        try Self.check(state)
        defer { state.mayWrite = false }
        return !state.mayWrite
      }
      if mustWait {
        await waitUntilWritable()
        continue
      }
      let left = bytes.count - sent
      let result = unsafe bytes.withUnsafeBytes { buffer in
        // SAFETY: the kernel reads exactly the rest of this buffer.
        unsafe send(descriptor.raw, buffer.baseAddress! + sent, left, Int32(MSG_NOSIGNAL))
      }
      if result >= 0 {
        sent += result
        // Only a full socket buffer makes a short write; a whole one leaves room.
        if result == left { state.withLock { $0.mayWrite = true } }
      } else {
        try handle(errno, "send")
      }
    }
  }

  private func waitUntilWritable() async {
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.mayWrite || state.isClosed || state.isExpired { return false }
        precondition(state.writer == nil, "two tasks write to one socket")
        state.writer = waiter
        return true
      }
    }
  }

  /// Waits until a connect under way has succeeded, or throws why it failed.
  func finishConnecting() async throws(StreamError) {
    state.withLock { $0.mayWrite = false }
    // A connect on loopback may be through before the loop watched: ask before waiting.
    while true {
      try state.withLock { state throws(StreamError) in try Self.check(state) }
      var pending = pollfd(fd: descriptor.raw, events: Int16(POLLOUT), revents: 0)
      if unsafe poll(&pending, 1, 0) == 1 { break }  // SAFETY: one element, and it is ours.
      await waitUntilWritable()
      state.withLock { $0.mayWrite = false }
    }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: the kernel writes one 32-bit number.
    _ = unsafe getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else {
      throw .system(SystemError(code: code, call: "connect", subject: peer.description))
    }
    state.withLock { $0.mayWrite = true }
  }

  // MARK: Ending

  package func finishWriting() async { _ = shutdown(descriptor.raw, Int32(SHUT_WR)) }

  package func close() { end(abruptly: false) }

  package func abort() { end(abruptly: true) }

  private func end(abruptly: Bool) {
    let waiting: [Waiter]? = state.withLock { state in
      if state.isClosed { return nil }
      state.isClosed = true
      return Self.takeWaiters(&state)
    }
    guard let waiting else { return }
    loop.remove(token.load(ordering: .relaxed), descriptor: descriptor.raw)
    if abruptly { disconnect() }
    // The number itself is freed with the last reference, so that no call can meet a stranger's.
    _ = shutdown(descriptor.raw, Int32(SHUT_RDWR))
    for waiter in waiting { waiter.wake() }
  }

  /// Dissolving the association makes TCP send a reset; a unix socket knows nothing like it.
  private func disconnect() {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    // SAFETY: the kernel reads the family and no more.
    _ = unsafe connect(descriptor.raw, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
  }

  package var isQuiet: Bool {
    guard state.withLock({ !$0.isClosed }) else { return false }
    var byte: UInt8 = 0
    // SAFETY: the kernel writes at most one byte.
    return unsafe recv(descriptor.raw, &byte, 1, Int32(MSG_PEEK)) < 0 && errno == EAGAIN
  }

  // MARK: The loop's side

  func becameReady(_ readiness: Readiness) {
    var reader: Waiter?
    var writer: Waiter?
    state.withLock { state in
      if !readiness.isDisjoint(with: [.ended, .hangup]) { state.isEnded = true }
      if !readiness.isDisjoint(with: [.readable, .ended, .hangup]) {
        state.mayRead = true
        (reader, state.reader) = (state.reader, nil)
      }
      if !readiness.isDisjoint(with: [.writable, .hangup]) {
        state.mayWrite = true
        (writer, state.writer) = (state.writer, nil)
      }
    }
    reader?.wake()
    writer?.wake()
  }

  package func setDeadline(_ nanoseconds: UInt64) {
    state.withLock { state in
      state.isExpired = false
      deadlineNanoseconds.store(nanoseconds, ordering: .relaxed)
    }
    if nanoseconds < .max { loop.sweep(nanoseconds) }
  }

  var deadline: UInt64 { deadlineNanoseconds.load(ordering: .relaxed) }

  func expire(at now: UInt64) {
    let waiting = state.withLock { state -> [Waiter] in
      guard deadlineNanoseconds.load(ordering: .relaxed) <= now else { return [] }
      deadlineNanoseconds.store(.max, ordering: .relaxed)
      state.isExpired = true
      return Self.takeWaiters(&state)
    }
    for waiter in waiting { waiter.wake() }
  }

  // MARK: Helpers

  private static func takeWaiters(_ state: inout State) -> [Waiter] {
    let waiting = [state.reader, state.writer].compactMap { $0 }
    state.reader = nil
    state.writer = nil
    return waiting
  }

  private static func check(_ state: borrowing State) throws(StreamError) {
    if state.isClosed { throw .closed }
    if state.isExpired { throw .timedOut }
  }

  private func handle(_ code: Int32, _ call: String) throws(StreamError) {
    switch code {
    case EAGAIN: return
    case EINTR:
      state.withLock { state in
        state.mayRead = true
        state.mayWrite = true
      }
    case ECONNRESET, EPIPE: throw .reset
    default: throw .system(SystemError(code: code, call: call, subject: peer.description))
    }
  }
}
