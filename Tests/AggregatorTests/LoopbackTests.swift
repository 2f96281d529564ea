import Batches
import Crypto
import Events
import Platform
import Store
import Testing

@testable import Aggregator
@testable import HTTP

@Suite("Collectors over loopback") struct LoopbackTests {
  /// A server with a certificate of a development authority, and a client that knows it by its pin.
  private func listen(_ world: World) throws -> (server: Server, client: HTTPClient) {
    let authority = try DevelopmentAuthority.make(atMilliseconds: SystemClock.wallMilliseconds)
    let credential = try authority.serverCredential(
      names: ["localhost"], atMilliseconds: SystemClock.wallMilliseconds)
    let chain = credential.certificate + authority.credential.certificate
    let pin = try publicKeyPin(certificate: authority.credential.certificate)
    let loop = try EventLoop(name: "loopback")
    let server = Server(
      on: [loop], slots: world.slots, refusal: { .problem($0) }, observe: { _, _ in },
      handler: { await world.router.respond(to: $0) })
    let tls = try TLSContext(
      server: TLSCredentials(chain: Array(chain.utf8), key: Array(credential.privateKey.utf8)))
    let address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0), tls: tls)
    let client = HTTPClient(
      net: SystemNet(loops: [loop], resolver: Worker(name: "resolver")), address: address,
      host: "localhost", tls: try TLSContext(client: .pinnedAuthority(sha256: pin.bytes)))
    return (server, client)
  }

  @Test("a batch travels over TLS 1.3 and is acknowledged; a stranger's is refused")
  func travels() async throws {
    let world = try await World()
    let (server, client) = try listen(world)
    let batch = try world.seal((0..<2_000).map { event($0) })
    let strange = try world.seal(
      [event(1)], World.Label(collector: CollectorID(high: 9, low: 9)))
    var statuses: [Int] = []
    for bytes in [batch.bytes, strange.bytes] {
      let request = try OutgoingRequest(
        .post, target: "/v1/batches", host: "localhost", body: .length(bytes.count))
      let answer = try await client.send(request, body: bytes, timeout: .seconds(20))
      statuses.append(answer.status)
      if answer.status == 200 {
        #expect(try Acknowledgement(decoding: answer.body.span).acknowledges(batch))
      }
    }
    #expect(statuses == [200, 401])
    #expect(world.store.hot.eventCount == 2_000)
    client.close()
    await server.shutDown(within: .seconds(1))
  }
}
