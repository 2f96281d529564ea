internal import COpenSSL
import Synchronization

/// Certificate chain and private key of a server, as PEM.
package struct TLSCredentials: Sendable {
  package let chain: [UInt8]
  package let key: [UInt8]

  package init(chain: [UInt8], key: [UInt8]) {
    self.chain = chain
    self.key = key
  }
}

/// Whom a client takes for the server it wanted.
package enum TLSTrust: Sendable {
  /// Whoever has a certificate for the host from one of these authorities (PEM).
  case authorities([UInt8])
  /// The authority whose public key has this SHA-256, and which the server sends along: how a
  /// collector knows its aggregator before it has ever met it.
  case pinnedAuthority(sha256: [UInt8])
  /// The authorities that the system trusts.
  case system
}

/// The settings that TLS connections share: a server's credentials, or a client's trust.
///
/// A server's credentials can be replaced while it runs: connections that exist keep theirs.
package final class TLSContext: Sendable {
  enum Role { case server, client(TLSTrust) }

  let role: Role
  private let handle: Mutex<ContextHandle>

  /// The server's side, from TLS 1.2 on.
  package init(server credentials: TLSCredentials) throws(TLSProblem) {
    role = .server
    handle = Mutex(try ContextHandle(server: credentials))
  }

  /// The client's side: TLS 1.3 and nothing else, as the pair speaks it.
  package init(client trust: TLSTrust) throws(TLSProblem) {
    role = .client(trust)
    handle = Mutex(try ContextHandle(client: trust))
  }

  /// Takes new credentials into use for connections to come; if they are bad, the old ones stay.
  package func replace(_ credentials: TLSCredentials) throws(TLSProblem) {
    guard case .server = role else {
      throw TLSProblem(code: .badCredentials, reason: "a client has no credentials to replace")
    }
    let replacement = try ContextHandle(server: credentials)
    handle.withLock { $0 = replacement }
  }

  /// A new session of this context, for the host that a client wants to reach.
  func newSession(host: String?) throws(TLSProblem) -> TLSSession {
    let handle = handle.withLock { $0 }
    return try TLSSession(handle, role: role, host: host)
  }
}

/// One SSL_CTX, counted.
@safe final class ContextHandle: Sendable {
  // SAFETY: an SSL_CTX is made to be shared between threads once it is set up; it is set up in the
  // initialisers and never changed afterwards.
  nonisolated(unsafe) let pointer: OpaquePointer

  deinit { unsafe SSL_CTX_free(pointer) }

  /// 112 bits: no SHA-1, no RSA below 2048.
  static let securityLevel: Int32 = 2

  private init(_ method: OpaquePointer?, minimum: Int32) throws(TLSProblem) {
    guard let pointer = unsafe SSL_CTX_new(method) else {
      throw .last(.protocolFailure, "a TLS context")
    }
    unsafe self.pointer = pointer
    unsafe copenssl_set_modes(pointer)
    unsafe copenssl_cache_no_sessions(pointer)
    unsafe copenssl_refuse_relics(pointer)
    // Mozilla's "intermediate" for 1.2; TLS 1.3's own suites are all good.
    let suites = """
      ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
      ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
      """
    guard unsafe SSL_CTX_set_cipher_list(pointer, suites) == 1,
      unsafe copenssl_set_groups(pointer, "X25519:P-256:P-384") == 1,
      unsafe copenssl_set_min_version(pointer, minimum) == 1
    else { throw .last(.protocolFailure, "the TLS profile") }
    unsafe SSL_CTX_set_security_level(pointer, Self.securityLevel)
  }

  convenience init(server credentials: TLSCredentials) throws(TLSProblem) {
    try unsafe self.init(TLS_server_method(), minimum: TLS1_2_VERSION)
    // Two tickets for every full handshake are OpenSSL's default; nobody resumes them here. (Those
    // of TLS 1.2 are refused with the relics: their keys would live as long as the process.)
    unsafe SSL_CTX_set_num_tickets(pointer, 0)
    guard let chain = PEM.certificates(in: credentials.chain), let leaf = chain.first else {
      throw TLSProblem(code: .badCredentials, reason: "no whole certificate in the PEM file")
    }
    guard let key = PEM.privateKey(in: credentials.key) else {
      throw .last(.badCredentials, "the private key")
    }
    guard unsafe SSL_CTX_use_certificate(pointer, leaf.pointer) == 1,
      unsafe SSL_CTX_use_PrivateKey(pointer, key.pointer) == 1,
      unsafe SSL_CTX_check_private_key(pointer) == 1
    else { throw .last(.badCredentials, "the certificate and its key") }
    for certificate in chain.dropFirst() {
      guard unsafe copenssl_add_chain_certificate(pointer, certificate.pointer) == 1 else {
        throw .last(.badCredentials, "the certificate chain")
      }
    }
  }

  convenience init(client trust: TLSTrust) throws(TLSProblem) {
    try unsafe self.init(TLS_client_method(), minimum: TLS1_3_VERSION)
    switch trust {
    case .authorities(let pem):
      let store = unsafe SSL_CTX_get_cert_store(pointer)
      guard let authorities = PEM.certificates(in: pem), !authorities.isEmpty else {
        throw TLSProblem(code: .badCredentials, reason: "no whole authority in the PEM file")
      }
      for authority in authorities {
        guard unsafe X509_STORE_add_cert(store, authority.pointer) == 1 else {
          throw .last(.badCredentials, "the authorities")
        }
      }
      unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    case .system:
      guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
        throw .last(.badCredentials, "the system's authorities")
      }
      unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    case .pinnedAuthority(let digest):
      guard digest.count == 32 else {
        throw TLSProblem(code: .badCredentials, reason: "the pin is no SHA-256")
      }
      // Verified after the handshake, before a byte is written: the authority comes with it.
      unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
    }
  }
}
