import Glibc
import Testing

@testable import Platform

@Suite("Listener") struct ListenerTests {
  private let loop: EventLoop
  private let path = "/tmp/tributary-listener-\(SystemRandom().next())"
  init() throws { loop = try EventLoop(name: "test") }

  private func listen() throws -> Listener {
    try Listener(
      .unix(path: path), on: [loop], maximumConnections: 10,
      accepted: { socket, _ in socket.close() }, refused: {})
  }

  @Test("a file that is no socket is not removed to listen in its place")
  func otherFile() throws {
    let file = unsafe creat(path, 0o600)
    try #require(file >= 0)
    _ = close(file)
    defer { _ = unsafe unlink(path) }
    #expect(throws: SystemError.self) { try listen() }
    let isThere = unsafe access(path, F_OK) == 0
    #expect(isThere)
  }

  @Test("a socket on which somebody listens is left to them; a dead one is taken over")
  func socketFile() throws {
    let first = try listen()
    #expect(throws: SystemError.self) { try listen() }
    first.close()
    // As a killed process leaves it: bound, and nobody listens.
    let dead = try Listener.newSocket(AF_UNIX, .unix(path: path))
    let result = unsafe SocketAddress.unix(path: path).withPointer { unsafe bind(dead.raw, $0, $1) }
    try #require(result == 0)
    try dead.close()
    try listen().close()
  }
}

@Suite("Cancelled sleepers") struct CancelledSleeperTests {
  @Test("who is cancelled does not wait in memory for their time")
  func cancelled() async {
    var queue = TimerQueue()
    for _ in 0..<10_000 {
      let id = queue.reserve()
      await Waiter.wait { waiter in
        _ = queue.add(id, .max - 1, waiter)
        queue.cancel(id)?.wake()
        return true
      }
    }
    #expect(queue.size <= 65)
  }
}
