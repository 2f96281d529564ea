import COpenSSL
import Crypto
import Platform
import Testing

@testable import HTTP

/// Authorities and credentials to shake hands with.
struct TLSWorld {
  static let day: Int64 = 86_400_000
  let now = SystemClock.wallMilliseconds
  let authority: DevelopmentAuthority

  init(name: String = "Test CA") throws {
    authority = try DevelopmentAuthority.make(
      name: name, atMilliseconds: SystemClock.wallMilliseconds)
  }

  var authorityPEM: [UInt8] { Array(authority.credential.certificate.utf8) }
  var trust: TLSTrust { .authorities(authorityPEM) }
  var pin: [UInt8] {
    get throws {
      let digest = try publicKeyPin(certificate: authority.credential.certificate)
      return stride(from: 0, to: 64, by: 2).map { start in
        UInt8(digest.hex.dropFirst(start).prefix(2), radix: 16) ?? 0
      }
    }
  }

  func credential(
    _ names: [String] = ["localhost", "*.example.com", "127.0.0.1", "::1"], daysFromNow: Int64 = 0
  ) throws -> Credential {
    try authority.serverCredential(
      names: names, atMilliseconds: now + daysFromNow * Self.day)
  }

  /// A server's credentials: the leaf, and what is sent along with it.
  func credentials(
    _ credential: Credential, sending more: [String] = []
  ) -> TLSCredentials {
    let chain = ([credential.certificate] + more).joined(separator: "\n")
    return TLSCredentials(chain: Array(chain.utf8), key: Array(credential.privateKey.utf8))
  }
}

/// A client and a server that hand each other their bytes.
struct TLSPair {
  let client: TLSSession
  let server: TLSSession

  init(_ trust: TLSTrust, host: String?, _ credentials: TLSCredentials) throws {
    client = try TLSContext(client: trust).newSession(host: host)
    server = try TLSContext(server: credentials).newSession(host: nil)
  }

  init(client: TLSSession, server: TLSSession) {
    self.client = client
    self.server = server
  }

  /// Throws what the client fails with; what the server thinks of it is its own business.
  func shakeHands() throws {
    var isDone = (client: false, server: false)
    for _ in 0..<10 where !isDone.client || !isDone.server {
      if !isDone.client { isDone.client = try client.handshake() == .done }
      server.receive(client.takeOutput().span)
      if !isDone.server { isDone.server = try server.handshake() == .done }
      client.receive(server.takeOutput().span)
    }
    try #require(isDone == (true, true))
  }

  /// Nil where they came together, or why the client would not.
  func refusal() throws -> TLSProblem.Code? {
    do {
      try shakeHands()
      return nil
    } catch let problem as TLSProblem {
      return problem.code
    }
  }
}

@Suite("TLS handshakes") struct TLSHandshakeTests {
  private let world: TLSWorld
  init() throws { world = try TLSWorld() }

  @Test(
    "a server is believed for the names in its certificate, and for no other",
    arguments: [
      ("localhost", true), ("LOCALHOST", true), ("a.example.com", true), ("127.0.0.1", true),
      ("::1", true), ("0:0:0:0:0:0:0:1", true), ("example.com", false),
      ("a.b.example.com", false), ("a.example.com.evil.org", false), ("127.0.0.2", false),
      ("localhost.", false), ("ocalhost", false), (".example.com", false),
    ])
  func hosts(host: String, isGood: Bool) throws {
    let credentials = world.credentials(
      try world.credential(), sending: [world.authority.credential.certificate])
    for trust in [world.trust, .pinnedAuthority(sha256: try world.pin)] {
      let isAccepted = (try? TLSPair(trust, host: host, credentials).refusal() == nil) ?? false
      #expect(isAccepted == isGood)
    }
  }

  @Test(
    "1: a client that names no host, or half of one, is refused before it says a word",
    arguments: [nil, "", ".", ".com", "localhost\u{0}", "\u{0}"])
  func noHost(host: String?) throws {
    let context = try TLSContext(client: world.trust)
    #expect(throws: TLSProblem.self) { try context.newSession(host: host) }
  }

  @Test("a certificate has its time")
  func time() throws {
    let cases: [(Int64, TLSProblem.Code?)] = [
      (-100, .certificateTime), (0, nil), (10, .certificateTime),
    ]
    for (days, code) in cases {
      let credentials = world.credentials(
        try world.credential(daysFromNow: days),
        sending: [world.authority.credential.certificate])
      for trust in [world.trust, .pinnedAuthority(sha256: try world.pin)] {
        #expect(try TLSPair(trust, host: "localhost", credentials).refusal() == code)
      }
    }
  }

  @Test("strangers, also those with the right name, are not trusted")
  func strangers() throws {
    let stranger = try TLSWorld()  // The same name, another key.
    let real = world.authority.credential.certificate
    let theirs = stranger.authority.credential.certificate
    let leaf = try stranger.credential()
    let itself = stranger.authority.credential
    for credentials in [
      stranger.credentials(leaf), stranger.credentials(leaf, sending: [theirs]),
      // The pinned authority merely stands beside the chain.
      stranger.credentials(leaf, sending: [real]),
      stranger.credentials(leaf, sending: [theirs, real]),
      stranger.credentials(leaf, sending: [real, theirs]),
      stranger.credentials(itself), stranger.credentials(itself, sending: [real]),
      // The pinned authority's own certificate in front, without its key, cannot even be loaded.
    ] {
      for trust in [world.trust, .pinnedAuthority(sha256: try world.pin)] {
        #expect(try TLSPair(trust, host: "localhost", credentials).refusal() == .untrustedPeer)
      }
    }
  }

  @Test("a pin finds its authority in the chain, and needs it there")
  func pinned() throws {
    let leaf = try world.credential()
    let real = world.authority.credential.certificate
    let trust = TLSTrust.pinnedAuthority(sha256: try world.pin)
    let pair = try TLSPair(trust, host: "localhost", world.credentials(leaf, sending: [real]))
    try pair.shakeHands()
    let authority = try #require(pair.client.pinnedAuthority)
    #expect(
      try publicKeyPin(certificate: String(decoding: authority, as: UTF8.self)).hex
        == publicKeyPin(certificate: real).hex)
    // What was found serves as the authority from then on.
    let later = try TLSPair(.authorities(authority), host: "localhost", world.credentials(leaf))
    #expect(try later.refusal() == nil)
    let without = try TLSPair(trust, host: "localhost", world.credentials(leaf))
    #expect(try without.refusal() == .untrustedPeer)
  }

  @Test("2: a pin that is no SHA-256 is refused when it is set", arguments: [0, 20, 31, 33])
  func badPin(count: Int) {
    #expect(throws: TLSProblem.self) {
      try TLSContext(client: .pinnedAuthority(sha256: [UInt8](repeating: 0, count: count)))
    }
  }

  @Test("3: a certificate of another use, or with a weak signature, is refused on every path")
  func unfit() throws {
    let authority = Array(TLSFixtures.authority.utf8)
    let pin = try #require(PEM.certificates(in: authority)).first?.publicKeyDigest ?? []
    for leaf in [TLSFixtures.clientOnly, TLSFixtures.weaklySigned] {
      let chain = Array((leaf + "\n" + TLSFixtures.authority).utf8)
      // A server at the security level of ours would not load the weak one: this one is careless.
      let handle = try ContextHandle(
        server: TLSCredentials(
          chain: Array((TLSFixtures.clientOnly + "\n" + TLSFixtures.authority).utf8),
          key: Array(TLSFixtures.key.utf8)))
      let certificate = try #require(PEM.certificates(in: chain)?.first)
      unsafe SSL_CTX_set_security_level(handle.pointer, 0)
      #expect(unsafe SSL_CTX_use_certificate(handle.pointer, certificate.pointer) == 1)
      for trust in [TLSTrust.authorities(authority), .pinnedAuthority(sha256: pin)] {
        let pair = TLSPair(
          client: try TLSContext(client: trust).newSession(host: "localhost"),
          server: try TLSSession(handle, role: .server, host: nil))
        #expect(try pair.refusal() == .untrustedPeer)
      }
    }
  }

  @Test("a TLS 1.2 client is served, and known as one; the pair's own is 1.3 and no less")
  func versions() throws {
    let credentials = world.credentials(try world.credential())
    func session(from low: Int32, to high: Int32) throws -> TLSSession {
      let handle = try ContextHandle(client: world.trust)
      // SAFETY: not yet shared. The minimum and the maximum are macros over this call.
      unsafe SSL_CTX_ctrl(handle.pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(low), nil)
      unsafe SSL_CTX_ctrl(handle.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(high), nil)
      unsafe SSL_CTX_set_security_level(handle.pointer, 0)
      return try TLSSession(handle, role: .client(world.trust), host: "localhost")
    }
    let server = try TLSContext(server: credentials)
    let old = TLSPair(
      client: try session(from: TLS1_2_VERSION, to: TLS1_2_VERSION),
      server: try server.newSession(host: nil))
    try old.shakeHands()
    #expect(!old.client.isModern && !old.server.isModern)
    // 4: no tickets: their keys would live as long as the process.
    #expect(!old.client.hasTicket)
    let ancient = TLSPair(
      client: try session(from: TLS1_VERSION, to: TLS1_1_VERSION),
      server: try server.newSession(host: nil))
    #expect(throws: TLSProblem.self) { try ancient.shakeHands() }
    let modern = try TLSPair(world.trust, host: "localhost", credentials)
    try modern.shakeHands()
    #expect(modern.client.isModern && modern.server.isModern)
  }

  @Test("a server's credentials have to belong together, and be whole")
  func badCredentials() throws {
    let one = try world.credential()
    let other = try world.credential()
    let real = world.authority.credential.certificate
    let context = try TLSContext(server: world.credentials(one))
    let cut = String(real.prefix(real.count / 2))
    for bad in [
      TLSCredentials(chain: Array(one.certificate.utf8), key: Array(other.privateKey.utf8)),
      TLSCredentials(chain: [], key: Array(one.privateKey.utf8)),
      TLSCredentials(chain: Array(one.certificate.utf8), key: []),
      TLSCredentials(chain: Array(one.privateKey.utf8), key: Array(one.certificate.utf8)),
      // 5: a file that was half written when it was read.
      world.credentials(one, sending: [cut]),
      world.credentials(one, sending: [real.replacing("MII", with: "M!I")]),
    ] {
      #expect(throws: TLSProblem.self) { try TLSContext(server: bad) }
      #expect(throws: TLSProblem.self) { try context.replace(bad) }
    }
    #expect(throws: TLSProblem.self) {
      try TLSContext(client: .authorities(world.authorityPEM + Array(cut.utf8)))
    }
    // The old ones are still in use.
    let pair = TLSPair(
      client: try TLSContext(client: world.trust).newSession(host: "localhost"),
      server: try context.newSession(host: nil))
    #expect(try pair.refusal() == nil)
  }

  @Test("new credentials are for new connections, also while a handshake is under way")
  func reload() throws {
    let context = try TLSContext(server: world.credentials(try world.credential(["old.test"])))
    let trust = try TLSContext(client: world.trust)
    let before = TLSPair(
      client: try trust.newSession(host: "old.test"), server: try context.newSession(host: nil))
    #expect(try before.client.handshake() == .needsInput)
    try context.replace(world.credentials(try world.credential(["new.test"])))
    #expect(try before.refusal() == nil)
    let after = TLSPair(
      client: try trust.newSession(host: "new.test"), server: try context.newSession(host: nil))
    #expect(try after.refusal() == nil)
    #expect(throws: TLSProblem.self) {
      try trust.replace(world.credentials(try world.credential()))
    }
  }

  @Test("records are read as they come: a byte at a time, together, and with the next one's head")
  func pieces() throws {
    let pair = try TLSPair(
      world.trust, host: "localhost", world.credentials(try world.credential()))
    try pair.shakeHands()
    func receive() throws -> [UInt8] {
      var room = [UInt8](repeating: 0, count: 4_096)
      var filled = 0
      let step = try unsafe room.withUnsafeMutableBytes {
        // SAFETY: the room outlives the call.
        try unsafe pair.server.read($0, &filled)
      }
      #expect(step == (filled > 0 ? .done : .needsInput))
      return Array(room[..<filled])
    }
    let sent = (0..<600).map { UInt8(truncatingIfNeeded: $0) }
    func record() throws -> [UInt8] {
      try pair.client.write(sent[...])
      return pair.client.takeOutput()
    }
    for byte in try record() {
      #expect(try receive().isEmpty)
      let one = [byte]
      pair.server.receive(one.span)
    }
    #expect(try receive() == sent)
    #expect(!pair.server.hasInput)
    let three = try record() + record() + record()
    let (head, tail) = (Array(three[..<700]), Array(three[700...]))
    pair.server.receive(head.span)
    #expect(try receive() == sent)
    #expect(pair.server.hasInput)
    pair.server.receive(tail.span)
    #expect(try receive() == sent + sent)
    #expect(!pair.server.hasInput)
  }

  @Test("a handshake in bytes of a stranger's choice fails, and does nothing worse")
  func hostileBytes() throws {
    let context = try TLSContext(server: world.credentials(try world.credential()))
    let hello = try TLSContext(client: world.trust).newSession(host: "localhost")
    _ = try hello.handshake()
    let good = hello.takeOutput()
    var random = RandomGenerator(SeededRandom(seed: 7))
    for round in 0..<500 {
      let session = try context.newSession(host: nil)
      var bytes = good
      if round.isMultiple(of: 5) {
        bytes = (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      }
      for _ in 0...(round % 4) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      }
      if round.isMultiple(of: 3) {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      }
      session.receive(bytes.span)
      do {
        for _ in 0..<3 {
          if try session.handshake() == .done { Issue.record("shook hands with a stranger") }
        }
      } catch {
        // A session that failed stays failed, whatever is asked of it.
        #expect(throws: TLSProblem.self) { try session.handshake() }
        #expect(throws: TLSProblem.self) { try session.write([1][...]) }
        session.finishWriting()
      }
    }
  }
}
