internal import COpenSSL

/// An X.509 certificate, counted.
@safe final class Certificate {
  // SAFETY: owned by this object, freed once in deinit.
  let pointer: OpaquePointer

  init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe X509_free(pointer) }

  /// SHA-256 of the public key with its algorithm (SubjectPublicKeyInfo): what a pin pins.
  var publicKeyDigest: [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    let key = unsafe X509_get_X509_PUBKEY(pointer)
    let length = unsafe i2d_X509_PUBKEY(key, &encoded)
    guard length > 0, let bytes = unsafe encoded else { return [] }
    defer { unsafe CRYPTO_free(bytes, #file, #line) }
    var digest = [UInt8](repeating: 0, count: 32)
    var digestLength: UInt32 = 32
    // SAFETY: `bytes` holds `length` bytes, SHA-256 makes 32.
    _ = unsafe EVP_Digest(bytes, Int(length), &digest, &digestLength, EVP_sha256(), nil)
    return digest
  }

  /// The certificate as PEM.
  var pem: [UInt8] {
    guard let memory = unsafe BIO_new(BIO_s_mem()) else { return [] }
    defer { unsafe BIO_free(memory) }
    guard unsafe PEM_write_bio_X509(memory, pointer) == 1 else { return [] }
    var text = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(memory))
    let count = unsafe BIO_read(memory, &text, Int32(text.count))
    return Array(text.prefix(max(0, Int(count))))
  }
}

/// A private key, counted.
@safe final class PrivateKey {
  // SAFETY: owned by this object, freed once in deinit.
  let pointer: OpaquePointer

  init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe EVP_PKEY_free(pointer) }
}

/// Reading PEM texts.
enum PEM {
  /// All certificates, in their order; nil where one of them is broken or cut off.
  static func certificates(in text: [UInt8]) -> [Certificate]? {
    unsafe reading(text) { memory in
      var all: [Certificate] = []
      ERR_clear_error()
      while let next = unsafe PEM_read_bio_X509(memory, nil, nil, nil) {
        all.append(unsafe Certificate(adopting: next))
      }
      // The end of the text is noted as an error too; so is a block without its last line, which
      // only its first line gives away.
      let isAtEnd = copenssl_is_end_of_pem(ERR_peek_last_error()) == 1
      ERR_clear_error()
      return isAtEnd && all.count == count(of: "-----BEGIN CERTIFICATE-----", in: text) ? all : nil
    } ?? nil
  }

  static func privateKey(in text: [UInt8]) -> PrivateKey? {
    unsafe reading(text) { memory in
      // No callback for a passphrase: an encrypted key is refused, not asked about.
      unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in 0 }, nil)
        .map { unsafe PrivateKey(adopting: $0) }
    } ?? nil
  }

  private static func count(of marker: StaticString, in text: [UInt8]) -> Int {
    let marker = Array(marker.description.utf8)
    return text.indices.count { text[$0...].starts(with: marker) }
  }

  private static func reading<R>(_ text: [UInt8], _ body: (OpaquePointer) -> R) -> R? {
    unsafe text.withUnsafeBytes { buffer in
      // SAFETY: the BIO reads this buffer, and does not outlive it.
      guard let memory = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else {
        return nil
      }
      defer { unsafe BIO_free(memory) }
      return unsafe body(memory)
    }
  }
}
