import Batches
import Crypto
import Events
import HTTP
package import Platform
package import Settings
import Tenancy

/// Joins an aggregator with a one-time token: the key is made here and never leaves, the token's
/// pin says whom to believe, and the aggregator's keys and authority are kept for later.
///
/// A second attempt after a crash shows the same key, so a token is not lost with an answer.
package struct Enrolment: Sendable {
  private let folder: CollectorFolder
  private let net: any Net
  private let clock: any Clock
  private let random: any RandomSource
  private static let timeout: Duration = .seconds(20)

  package init(
    _ folder: CollectorFolder, net: any Net, clock: any Clock, random: any RandomSource
  ) {
    self.folder = folder
    self.net = net
    self.clock = clock
    self.random = random
  }

  /// What a person is told afterwards.
  package struct Outcome: Sendable {
    package let collector: String
    package let projects: [String]
    package let fingerprint: String
    /// Why the keys of the projects are not known yet; nil where they are.
    package let helloProblem: String?
  }

  package func run(
    url: ServerURL, token text: String, name: String, program: String
  ) async throws(JoiningProblem) -> Outcome {
    let token: EnrolmentToken
    do { token = try EnrolmentToken(text) } catch { throw .token("\(error)") }
    guard url.isSecure else { throw .link("\(url.settingText) does not begin with https://") }
    try storing { () throws(SystemError) in try folder.directory.create() }
    guard try !isEnrolled() else { throw .alreadyEnrolled }
    let (key, seed) = try ownKey()

    let (link, challenge, authority) = try await meet(url, token)
    let request = EnrolmentRequest(
      token: token.text, nonce: challenge.nonce, audience: challenge.store,
      publicKey: key.verifyingKey, name: name, program: program)
    let signed = SignedMessage(signing: request.encode(), for: .enrolmentRequest, by: key)
    let outcome = await link.post(
      "/v1/enroll", "application/json", signed.encode(), timeout: Self.timeout)
    let reply = try Self.reply(try outcome.body(), to: challenge)

    let identity = Identity(
      collector: reply.collector, store: reply.store, incarnation: reply.incarnation, seed: seed,
      aggregatorKeys: reply.keys, projects: reply.projects)
    try storing { () throws(SystemError) in
      try folder.directory.replace(CollectorFolder.authority, with: authority.span)
      try folder.write(identity)
      try folder.directory.remove(CollectorFolder.pendingKey)
      try writeConfiguration(url, identity)
    }
    let problem = await greet(link, identity, key, program)
    link.reset()
    return Outcome(
      collector: reply.collector.description, projects: reply.projects.map(\.text),
      fingerprint: key.verifyingKey.fingerprint.hex, helloProblem: problem)
  }

  private func isEnrolled() throws(JoiningProblem) -> Bool {
    do { return try folder.readIdentity() != nil } catch { throw .storage("\(error)") }
  }

  /// The key of the attempt before, or a new one, which is on disk before anybody hears of it.
  private func ownKey() throws(JoiningProblem) -> (SigningKey, seed: [UInt8]) {
    do {
      let name = CollectorFolder.pendingKey
      if let seed = try folder.directory.read(name, upTo: 64),
        let key = try? SigningKey(seed: seed.span)  // A file that is none is replaced.
      {
        return (key, seed)
      }
      let (key, seed) = try SigningKey.generate(from: random)
      try folder.directory.replace(name, with: seed.span)
      return (key, seed)
    } catch { throw .storage("\(error)") }
  }

  /// Finds the aggregator behind one of the token's pins.
  private func meet(
    _ url: ServerURL, _ token: EnrolmentToken
  ) async throws(JoiningProblem) -> (HTTPLink, Challenge, authority: [UInt8]) {
    var problem = JoiningProblem.token("it names no authority")
    for pin in token.pins {
      let tls: TLSContext
      do { tls = try TLSContext(client: .pinnedAuthority(sha256: pin.bytes)) } catch {
        throw .link("\(error)")
      }
      let link = HTTPLink(url, net: net, tls: tls)
      let (outcome, authority) = await link.exchange(
        .get, "/v1/challenge", FieldLines(), [], Self.timeout)
      do throws(JoiningProblem) {
        let body = try outcome.body()
        guard let authority else { throw .unbelievable("it showed no authority") }
        do { return (link, try Challenge(decoding: body.span), authority) } catch {
          throw .unbelievable("\(error)")
        }
      } catch { problem = error }
    }
    throw problem
  }

  private static func reply(
    _ body: [UInt8], to challenge: Challenge
  ) throws(JoiningProblem) -> EnrolmentReply {
    do {
      let signed = try SignedMessage(decoding: body.span)
      let reply = try EnrolmentReply(decoding: signed.payload.span)
      // Whom to believe is what the pinned connection says; the signature ties the answer together.
      guard let key = reply.keys.first(where: { KeyID(of: $0) == signed.key }) else {
        throw JoiningProblem.unbelievable("it is signed by a key that it does not name")
      }
      try signed.verify(.enrolmentReply, by: key)
      guard reply.nonce == challenge.nonce, reply.store == challenge.store else {
        throw JoiningProblem.unbelievable("it answers another question")
      }
      return reply
    } catch let problem as JoiningProblem { throw problem } catch {
      throw .unbelievable("\(error)")
    }
  }

  /// The first hello, for the projects' keys. Without it the collector tries again when it runs.
  private func greet(
    _ link: HTTPLink, _ identity: Identity, _ key: SigningKey, _ program: String
  ) async -> String? {
    let hello = Hello(identity: identity, key: key, clock: clock, random: random, program: program)
    do throws(JoiningProblem) {
      let (_, bytes) = try await hello.say(over: link, positions: [])
      try storing { () throws(SystemError) in
        try folder.directory.replace(CollectorFolder.hello, with: bytes.span)
      }
      return nil
    } catch { return error.sentence }
  }

  /// A configuration to begin with, where there is none.
  private func writeConfiguration(_ url: ServerURL, _ identity: Identity) throws(SystemError) {
    let name = CollectorFolder.configuration
    guard try folder.directory.read(name, upTo: 1 << 20) == nil else { return }
    var text = """
      // Written by `tributary-collector enroll`. Every key: tributary-collector check-config
      // --example
      {
        aggregator: {
          urls: ["\(url.settingText)"],
        },

      """
    if let project = identity.projects.first {
      text += """
          // Events that come from this machine without a key belong to this project.
          anonymous_project: "\(project.text)",

        """
    }
    text += "}\n"
    try folder.directory.replace(name, with: Array(text.utf8).span)
  }

  private func storing(
    _ body: () throws(SystemError) -> Void
  ) throws(JoiningProblem) {
    do throws(SystemError) { try body() } catch { throw .storage("\(error)") }
  }
}
