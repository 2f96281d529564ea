private import COpenSSL

/// Owns an `X509`.
@safe
struct Certificate: ~Copyable {
  // SAFETY: freed in `deinit` and nowhere else; the value cannot be copied.
  let pointer: OpaquePointer

  init() throws(CryptoError) {
    guard let pointer = unsafe X509_new() else { throw .last("X509_new") }
    unsafe self.pointer = pointer
  }

  /// The first certificate of a PEM text.
  init(pem: String) throws(CryptoError) {
    let memory = try Memory(pem)
    guard let pointer = unsafe PEM_read_bio_X509(memory.pointer, nil, nil, nil) else {
      ERR_clear_error()
      throw .malformed(what: "PEM certificate")
    }
    unsafe self.pointer = pointer
  }

  deinit { unsafe X509_free(pointer) }

  func pem() throws(CryptoError) -> String {
    let memory = try Memory()
    guard unsafe PEM_write_bio_X509(memory.pointer, pointer) == 1 else {
      throw .last("PEM_write_bio_X509")
    }
    return memory.text()
  }

  /// The `SubjectPublicKeyInfo` as it stands in the certificate.
  func subjectPublicKeyInfo() throws(CryptoError) -> [UInt8] {
    guard let info = unsafe X509_get_X509_PUBKEY(pointer) else {
      throw .last("X509_get_X509_PUBKEY")
    }
    let count = unsafe i2d_X509_PUBKEY(info, nil)
    guard count > 0 else { throw .last("i2d_X509_PUBKEY") }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    // SAFETY: the same call has just said that it writes `count` bytes.
    let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      var next = buffer.baseAddress
      return unsafe i2d_X509_PUBKEY(info, &next)
    }
    guard written == count else { throw .last("i2d_X509_PUBKEY") }
    return bytes
  }
}

/// Owns the `EVP_PKEY` of a certificate.
@safe
struct CertificateKey: ~Copyable {
  // SAFETY: freed in `deinit` and nowhere else; the value cannot be copied.
  let pointer: OpaquePointer

  /// A new key on P-256.
  init() throws(CryptoError) {
    guard let pointer = unsafe copenssl_generate_p256() else { throw .last("EVP_EC_gen") }
    unsafe self.pointer = pointer
  }

  init(pem: String) throws(CryptoError) {
    let memory = try Memory(pem)
    // The last argument is the password for keys that have one: none, rather than a question on
    // the terminal.
    let noPassword: StaticString = ""
    // SAFETY: the library reads a NUL-terminated text from there and does not write.
    let password = unsafe UnsafeMutableRawPointer(mutating: noPassword.utf8Start)
    guard let pointer = unsafe PEM_read_bio_PrivateKey(memory.pointer, nil, nil, password) else {
      ERR_clear_error()
      throw .malformed(what: "PEM private key")
    }
    unsafe self.pointer = pointer
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  func pem() throws(CryptoError) -> String {
    let memory = try Memory()
    guard
      unsafe PEM_write_bio_PKCS8PrivateKey(memory.pointer, pointer, nil, nil, 0, nil, nil) == 1
    else { throw .last("PEM_write_bio_PKCS8PrivateKey") }
    return memory.text()
  }
}

/// Owns a `BIO` in memory, through which the library reads and writes PEM.
@safe
struct Memory: ~Copyable {
  // SAFETY: freed in `deinit` and nowhere else; the value cannot be copied.
  let pointer: OpaquePointer

  init(_ text: String = "") throws(CryptoError) {
    let bytes = Array(text.utf8)
    guard let count = CInt(exactly: bytes.count) else { throw .malformed(what: "PEM") }
    guard let pointer = unsafe BIO_new(BIO_s_mem()) else { throw .last("BIO_new") }
    // SAFETY: the library copies `count` bytes.
    if count > 0, unsafe BIO_write(pointer, bytes, count) != count {
      unsafe BIO_free_all(pointer)
      throw .last("BIO_write")
    }
    unsafe self.pointer = pointer
  }

  deinit { unsafe BIO_free_all(pointer) }

  func text() -> String {
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Int(unsafe BIO_read(pointer, &piece, CInt(piece.count)))
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += piece[..<count]
    }
  }
}
