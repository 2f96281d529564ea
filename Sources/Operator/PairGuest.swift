import Batches
import Crypto
import HTTP
import Platform
import Tenancy

/// A collector for the time of a measurement: it joins with a token, and sends what it is given.
struct PairGuest: Sendable {
  enum Problem: Error {
    case refused(status: Int, String)
    case unexpected(String)
  }

  let client: HTTPClient
  let key: SigningKey
  let collector: CollectorID
  let store: StoreID

  /// Joins the aggregator that the token names by its pin.
  static func join(
    _ address: Address, host: String, token text: String, net: any Net, clock: any Clock
  ) async throws -> PairGuest {
    let token = try EnrolmentToken(text)
    guard let pin = token.pins.first else { throw Problem.unexpected("the token has no pin") }
    let tls = try TLSContext(client: .pinnedAuthority(sha256: pin.bytes))
    let client = HTTPClient(net: net, address: address, host: host, tls: tls)
    let random = SystemRandom()
    let question = try await Self.exchange(client, .get, "/v1/challenge", host)
    let challenge = try Challenge(decoding: question.span)
    let (key, _) = try SigningKey.generate(from: random)
    let wish = EnrolmentRequest(
      token: text, nonce: challenge.nonce, audience: challenge.store, publicKey: key.verifyingKey,
      name: "bench", program: "tributary bench")
    let signed = SignedMessage(signing: wish.encode(), for: .enrolmentRequest, by: key)
    let welcome = try await Self.exchange(client, .post, "/v1/enroll", host, signed.encode())
    let answer = try SignedMessage(decoding: welcome.span)
    let reply = try EnrolmentReply(decoding: answer.payload.span)
    return PairGuest(client: client, key: key, collector: reply.collector, store: reply.store)
  }

  /// Sends a sealed batch and returns its acknowledgement.
  func send(_ sealed: SealedBatch, host: String) async throws -> Acknowledgement {
    let body = try await Self.exchange(client, .post, "/v1/batches", host, sealed.bytes)
    let acknowledgement = try Acknowledgement(decoding: body.span)
    guard acknowledgement.acknowledges(sealed) else {
      throw Problem.unexpected("an acknowledgement of something else")
    }
    return acknowledgement
  }

  private static func exchange(
    _ client: HTTPClient, _ method: Method, _ path: String, _ host: String, _ body: [UInt8] = []
  ) async throws -> [UInt8] {
    let request = try OutgoingRequest(
      method, target: path, host: host, body: body.isEmpty ? .none : .length(body.count))
    let answer = try await client.send(request, body: body, timeout: .seconds(30))
    guard answer.status == 200 else {
      throw Problem.refused(
        status: answer.status, String(decoding: answer.body, as: UTF8.self))
    }
    return answer.body
  }
}
