internal import COpenSSL
internal import Platform

/// One TLS connection as a state machine over bytes, without any I/O: what arrived goes in, what has
/// to be sent comes out. Not for two threads at once: `TLSStream` keeps it behind its lock.
@safe final class TLSSession: @unchecked Sendable {
  enum Step: Equatable {
    case done
    /// Nothing more can happen before more bytes have come in.
    case needsInput
    /// The peer said in TLS that it sends no more.
    case ended
  }

  // SAFETY: sendable because whoever shares it takes turns: a `TLSStream` calls it only within the
  // lock around its state. Owned by this object and freed once in deinit; the wire belongs to the
  // session's BIO.
  private let session: OpaquePointer
  private let wire: UnsafeMutablePointer<copenssl_wire>
  /// What arrived and was not decrypted yet.
  var incoming = InputBuffer()
  private let context: ContextHandle
  private let role: TLSContext.Role
  private let host: String?
  /// What broke the session: after that OpenSSL must not be asked again.
  private var failure: TLSProblem?
  /// The peer said that it sends no more.
  private var isEnded = false

  init(_ context: ContextHandle, role: TLSContext.Role, host: String?) throws(TLSProblem) {
    self.context = context
    self.role = role
    self.host = host
    guard let session = unsafe SSL_new(context.pointer) else {
      throw .last(.protocolFailure, "a TLS session")
    }
    unsafe self.session = session
    guard let bio = unsafe copenssl_wire_new(Self.wireMethod),
      let wire = unsafe copenssl_wire_of(bio)
    else {
      unsafe SSL_free(session)
      throw .last(.protocolFailure, "a TLS session")
    }
    unsafe self.wire = wire
    unsafe SSL_set_bio(session, bio, bio)
    guard case .client = role else {
      unsafe SSL_set_accept_state(session)
      return
    }
    unsafe SSL_set_connect_state(session)
    let parameters = unsafe SSL_get0_param(session)
    guard let host, unsafe Self.expect(host, parameters) else {
      throw TLSProblem(code: .untrustedPeer, reason: "no host to expect a certificate for")
    }
    // An address is no server name (RFC 6066): it is only checked.
    if unsafe X509_VERIFY_PARAM_get0_host(parameters, 0) != nil {
      unsafe copenssl_set_server_name(session, host)
    }
  }

  deinit { unsafe SSL_free(session) }

  // SAFETY: made once, and only read afterwards.
  nonisolated(unsafe) private static let wireMethod = unsafe copenssl_wire_method()

  /// Has certificates checked to be for this name or address. An empty name would switch the check
  /// off, and one that begins with a dot would take any name under it.
  private static func expect(_ host: String, _ parameters: OpaquePointer?) -> Bool {
    guard !host.isEmpty, !host.hasPrefix("."), !host.utf8.contains(0) else { return false }
    if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return true }
    ERR_clear_error()
    unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    return unsafe X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) == 1
  }

  /// True for TLS 1.3.
  var isModern: Bool { unsafe SSL_version(session) == TLS1_3_VERSION }

  /// True where the server gave something to resume with.
  var hasTicket: Bool {
    unsafe SSL_get_session(session).map { unsafe SSL_SESSION_has_ticket($0) == 1 } ?? false
  }

  // MARK: Bytes of the network

  /// Takes what arrived, all of it.
  func receive(_ bytes: Span<UInt8>) {
    _ = unsafe incoming.fill(atLeast: bytes.count) { room in
      // SAFETY: there is room for at least as many bytes.
      unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
      return bytes.count
    }
  }

  var hasOutput: Bool { unsafe wire.pointee.output_count > 0 }

  /// What has to be sent now.
  func takeOutput() -> [UInt8] {
    let count = unsafe wire.pointee.output_count
    guard count > 0 else { return [] }
    // SAFETY: the wire has that many bytes, and nobody else touches it.
    let output = unsafe Array(UnsafeBufferPointer(start: wire.pointee.output, count: count))
    if unsafe wire.pointee.output_capacity > Self.keptOutput {
      unsafe copenssl_wire_release_output(wire)
    } else {
      unsafe wire.pointee.output_count = 0
    }
    return output
  }

  /// What the memory for output may hold on to between two answers.
  private static let keptOutput = 1_024

  /// True where something arrived that was not read.
  var hasInput: Bool { unsafe !incoming.isEmpty || SSL_has_pending(session) == 1 }

  /// True where there is something to say without anything more coming in.
  var mayRead: Bool { hasInput || failure != nil || isEnded }

  /// Bytes that the next reads can give at the most, or nearly so: what room is worth making for them.
  var readable: Int { unsafe max(incoming.count, Int(SSL_pending(session)), 256) }

  /// Lends OpenSSL what arrived for the time of a call, and steps over what it took.
  private func withInput(_ call: () -> Int32) -> Int32 {
    var result: Int32 = 0
    let window = incoming.window
    let left = unsafe incoming.storage.withUnsafeBufferPointer { buffer in
      // SAFETY: the wire forgets the bytes before the call that lends them returns.
      unsafe wire.pointee.input = buffer.baseAddress.map { unsafe $0 + window.lowerBound }
      unsafe wire.pointee.input_count = window.count
      result = call()
      unsafe wire.pointee.input = nil
      defer { unsafe wire.pointee.input_count = 0 }
      return unsafe wire.pointee.input_count
    }
    incoming.consume(window.count - left)
    return result
  }

  /// OpenSSL tells an error by what lies in this thread's queue, where others may have left some.
  private static func clearErrors() { if ERR_peek_error() != 0 { ERR_clear_error() } }

  // MARK: Steps

  func handshake() throws(TLSProblem) -> Step {
    if let failure { throw failure }
    Self.clearErrors()
    let result = withInput { unsafe SSL_do_handshake(session) }
    if result == 1 {
      guard case .client(.pinnedAuthority(let digest)) = role else { return .done }
      do { try verify(pinned: digest) } catch {
        failure = error
        throw error
      }
      return .done
    }
    return try step(after: result, "the TLS handshake")
  }

  /// Decrypts what has arrived, as much as there is room for; the count is added to `filled`. An
  /// error behind some bytes is thrown by the next call.
  func read(_ room: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(TLSProblem) -> Step {
    if let failure { throw failure }
    if isEnded { return .ended }
    Self.clearErrors()
    while filled < room.count {
      let result = withInput {
        // SAFETY: at most the rest of this buffer is written.
        unsafe SSL_read(session, room.baseAddress! + filled, Int32(clamping: room.count - filled))
      }
      if result > 0 {
        filled += Int(result)
        // Asking in vain costs as much as half a record.
        if hasInput { continue }
        return .done
      }
      do {
        let step = try step(after: result, "reading")
        return filled > 0 ? .done : step
      } catch {
        if filled > 0 { return .done }
        throw error
      }
    }
    return .done
  }

  /// Encrypts these bytes, all of them, into the output.
  func write(_ bytes: ArraySlice<UInt8>) throws(TLSProblem) {
    if let failure { throw failure }
    Self.clearErrors()
    var sent = 0
    while sent < bytes.count {
      let result = unsafe bytes.withUnsafeBytes { buffer in
        // SAFETY: exactly the rest of this buffer is read.
        unsafe SSL_write(
          session, buffer.baseAddress! + sent, Int32(clamping: buffer.count - sent))
      }
      guard result > 0 else {
        // A memory BIO is never full, so there is nothing to wait for.
        _ = try step(after: result, "writing")
        throw TLSProblem(code: .protocolFailure, reason: "writing before the handshake")
      }
      sent += Int(result)
    }
  }

  /// Adds the farewell to the output.
  func finishWriting() {
    guard failure == nil else { return }
    ERR_clear_error()
    _ = unsafe SSL_shutdown(session)
    ERR_clear_error()
  }

  private func step(after result: Int32, _ doing: String) throws(TLSProblem) -> Step {
    switch unsafe SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
    case SSL_ERROR_ZERO_RETURN:
      isEnded = true
      return .ended
    default:
      let problem = problem(doing)
      failure = problem
      throw problem
    }
  }

  private func problem(_ doing: String) -> TLSProblem {
    let verdict = unsafe SSL_get_verify_result(session)
    guard case .client = role, verdict != X509_V_OK else {
      return .last(.protocolFailure, doing)
    }
    ERR_clear_error()
    return Self.distrust(verdict)
  }

  private static func distrust(_ verdict: Int) -> TLSProblem {
    // SAFETY: a static, terminated text.
    let reason = unsafe String(cString: X509_verify_cert_error_string(verdict))
    let isTime = [X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID]
      .contains(Int32(truncatingIfNeeded: verdict))
    return TLSProblem(
      code: isTime ? .certificateTime : .untrustedPeer,
      reason: "the server's certificate: \(reason)")
  }

  // MARK: A pinned authority

  /// The authority that the pin names, once the handshake is done: what a client keeps for later.
  private(set) var pinnedAuthority: [UInt8]?

  /// Finds the pinned authority in the server's chain and verifies the chain from it, host and all.
  private func verify(pinned digest: [UInt8]) throws(TLSProblem) {
    let chain = unsafe SSL_get_peer_cert_chain(session)
    guard let host, let leaf = unsafe SSL_get0_peer_certificate(session), let chain = unsafe chain
    else { throw TLSProblem(code: .untrustedPeer, reason: "the server has no certificate") }
    var authority: Certificate?
    let count = unsafe copenssl_chain_count(chain)
    for index in 0..<count {
      guard let pointer = unsafe copenssl_chain_certificate(chain, index) else { continue }
      unsafe X509_up_ref(pointer)
      let certificate = unsafe Certificate(adopting: pointer)
      if certificate.publicKeyDigest == digest { authority = certificate }
    }
    guard let authority else {
      throw TLSProblem(
        code: .untrustedPeer, reason: "the server's authority is not the one the token names")
    }
    guard let store = unsafe X509_STORE_new(), let check = unsafe X509_STORE_CTX_new() else {
      throw .last(.protocolFailure, "verifying")
    }
    defer {
      unsafe X509_STORE_CTX_free(check)
      unsafe X509_STORE_free(store)
    }
    guard unsafe X509_STORE_add_cert(store, authority.pointer) == 1,
      unsafe X509_STORE_CTX_init(check, store, leaf, chain) == 1,
      unsafe X509_STORE_CTX_set_default(check, "ssl_server") == 1,
      let parameters = unsafe X509_STORE_CTX_get0_param(check),
      unsafe Self.expect(host, parameters)
    else { throw .last(.protocolFailure, "verifying") }
    // What the library sets by itself where it verifies during the handshake.
    unsafe X509_VERIFY_PARAM_set_auth_level(parameters, ContextHandle.securityLevel)
    guard unsafe X509_verify_cert(check) == 1 else {
      throw Self.distrust(Int(unsafe X509_STORE_CTX_get_error(check)))
    }
    pinnedAuthority = authority.pem
  }
}
