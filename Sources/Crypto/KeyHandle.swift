private import COpenSSL
internal import Platform

/// Owns an `EVP_PKEY`.
@safe
final class KeyHandle: @unchecked Sendable {
  // SAFETY: made here, freed in `deinit` and nowhere else; sendable because the key is not changed
  // after `init` and the library locks what it caches inside.
  private let pointer: OpaquePointer

  init(privateKey bytes: Span<UInt8>) throws(CryptoError) {
    // SAFETY: the library copies `count` bytes from this address.
    let made = unsafe bytes.withUnsafeBufferPointer {
      unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
    }
    guard let pointer = unsafe made else { throw .last("EVP_PKEY_new_raw_private_key") }
    unsafe self.pointer = pointer
  }

  init(publicKey bytes: Span<UInt8>) throws(CryptoError) {
    // SAFETY: as above.
    let made = unsafe bytes.withUnsafeBufferPointer {
      unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, $0.baseAddress, $0.count)
    }
    guard let pointer = unsafe made else { throw .last("EVP_PKEY_new_raw_public_key") }
    unsafe self.pointer = pointer
  }

  deinit { unsafe EVP_PKEY_free(pointer) }

  func rawPublicKey() throws(CryptoError) -> [UInt8] {
    var count = VerifyingKey.byteCount
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the library writes at most the `count` bytes that are there.
    guard unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1, count == bytes.count
    else { throw .last("EVP_PKEY_get_raw_public_key") }
    return bytes
  }

  func sign(_ message: Span<UInt8>) -> [UInt8] {
    let context = SignatureContext()
    // SAFETY: context and key are alive; Ed25519 hashes by itself, so no digest is named.
    guard unsafe EVP_DigestSignInit(context.pointer, nil, nil, nil, pointer) == 1 else {
      unexpected("EVP_DigestSignInit")
    }
    var count = SigningKey.signatureByteCount
    var signature = [UInt8](repeating: 0, count: count)
    // SAFETY: the library reads the message's bytes and writes at most `count` of the signature.
    let done = unsafe message.withUnsafeBufferPointer {
      unsafe EVP_DigestSign(
        context.pointer, &signature, &count, $0.baseAddress, $0.count)
    }
    guard done == 1, count == signature.count else { unexpected("EVP_DigestSign") }
    return signature
  }

  func verify(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
    let context = SignatureContext()
    // SAFETY: context and key are alive.
    guard unsafe EVP_DigestVerifyInit(context.pointer, nil, nil, nil, pointer) == 1 else {
      unexpected("EVP_DigestVerifyInit")
    }
    // SAFETY: the library reads both buffers and keeps neither.
    let answer = unsafe signature.withUnsafeBufferPointer { signature in
      unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_DigestVerify(
          context.pointer, signature.baseAddress, signature.count,
          message.baseAddress, message.count)
      }
    }
    // A refusal leaves an entry that would be taken for the next TLS call's.
    if answer != 1 { ERR_clear_error() }
    return answer == 1
  }
}

/// Owns an `EVP_MD_CTX` for one signature.
@safe
private struct SignatureContext: ~Copyable {
  // SAFETY: freed in `deinit` and nowhere else; the value cannot be copied.
  let pointer: OpaquePointer

  init() {
    guard let pointer = unsafe EVP_MD_CTX_new() else { unexpected("EVP_MD_CTX_new") }
    unsafe self.pointer = pointer
  }

  deinit { unsafe EVP_MD_CTX_free(pointer) }
}
