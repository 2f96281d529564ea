import Platform
import Synchronization

@testable import HTTP

/// A server that answers what its script says, whatever it is asked: request after request, each on
/// the connection it came on.
final class ScriptedServer: Sendable {
  /// What to send once a request's head has come, and whether the connection ends with it.
  struct Answer: Sendable {
    var text: String
    var closes = false
    /// Sent a little later, when nobody has asked for anything.
    var afterwards = ""
  }

  let loop: EventLoop
  let net: SystemNet
  let requests = Atomic<Int>(0)
  let connections = Atomic<Int>(0)
  private let listener: Listener
  private let script: Mutex<[Answer]>

  var address: Address { listener.address }

  init(_ script: [Answer]) throws {
    let loop = try EventLoop(name: "scripted")
    self.loop = loop
    net = SystemNet(loops: [loop], resolver: Worker(name: "resolver"))
    self.script = Mutex(script)
    let holder = Holder()
    listener = try Listener(
      .tcp(host: "127.0.0.1", port: 0), on: [loop], maximumConnections: 1_000,
      accepted: { socket, loop in
        Task(executorPreference: loop) { await holder.server.withLock { $0 }?.serve(socket) }
      }, refused: {})
    holder.server.withLock { $0 = self }
  }

  private final class Holder: Sendable {
    let server = Mutex<ScriptedServer?>(nil)
  }

  func client(maximumAnswer: Int = 1 << 20) -> HTTPClient {
    HTTPClient(net: net, address: address, host: "localhost", tls: nil)
  }

  private func serve(_ socket: Socket) async {
    connections.add(1, ordering: .relaxed)
    defer { socket.close() }
    var input = InputBuffer()
    var head = RequestHead()
    while true {
      while case .complete(let count) = head.parse(
        input.storage.span.extracting(input.window), limits: .standard)
      {
        input.consume(count)
        requests.add(1, ordering: .relaxed)
        let answer = script.withLock { $0.isEmpty ? Answer(text: "") : $0.removeFirst() }
        guard (try? await socket.write(Array(answer.text.utf8))) != nil else { return }
        if answer.closes { return await socket.finishWriting() }
        if !answer.afterwards.isEmpty {
          await loop.sleep(for: .milliseconds(20))
          guard (try? await socket.write(Array(answer.afterwards.utf8))) != nil else { return }
        }
      }
      guard let count = try? await socket.read(into: &input), count > 0 else { return }
    }
  }
}
