package import Crypto
private import JSON

// On the wire, compact JSON with its fields in this order:
//
//   {"payload": base64url of the exact bytes that were signed,
//    "key":     which key signed, as in a batch's header,
//    "signature": base64url of the 64 bytes}
//
// The signature is Ed25519 over the purpose's domain, a zero byte, and the payload. The payload is
// JSON, and is kept as its bytes: who stores it can prove later what was said, fields that it does
// not know included.

/// One side's word to the other, with its signature.
package struct SignedMessage: Equatable, Sendable {
  /// What a signature is for. A text signed for one purpose is nothing for another.
  package enum Purpose: String, Sendable, CaseIterable {
    case enrolmentRequest = "tributary-enroll-v1"
    case enrolmentReply = "tributary-enroll-reply-v1"
    case helloRequest = "tributary-hello-v1"
    case helloReply = "tributary-hello-reply-v1"
  }

  package let payload: [UInt8]
  package let key: KeyID
  package let signature: [UInt8]

  package init(signing payload: [UInt8], for purpose: Purpose, by key: SigningKey) {
    self.payload = payload
    self.key = KeyID(of: key.verifyingKey)
    signature = key.sign(Self.signed(payload, purpose))
  }

  /// Throws unless this key signed exactly this payload for exactly this purpose.
  package func verify(_ purpose: Purpose, by verifyingKey: VerifyingKey) throws(MessageProblem) {
    guard key == KeyID(of: verifyingKey),
      verifyingKey.isValid(signature, for: Self.signed(payload, purpose))
    else { throw .badSignature }
  }

  private static func signed(_ payload: [UInt8], _ purpose: Purpose) -> [UInt8] {
    Array(purpose.rawValue.utf8) + [0] + payload
  }
}

extension SignedMessage {
  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("payload", bytes: payload)
      writer.field("key", key.description)
      writer.field("signature", bytes: signature)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    payload = try fields.bytes("payload")
    key = try fields.parsed("key")
    signature = try fields.bytes("signature", count: SigningKey.signatureByteCount)
  }
}
