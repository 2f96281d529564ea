package import Batches
package import Crypto
internal import JSON

/// A ring as it is kept in a file:
///
///     "tributary-keyring-1\n" | Ed25519 signature, 64 bytes | the ring as JSON
///
/// The signature covers the first line and the JSON, so neither a flipped bit nor somebody with access
/// to the file can add a key. Whoever reads it also says for whom it must be.
extension KeyRing {
  private static let opening = Array("tributary-keyring-1\n".utf8)
  package static let maximumByteCount = 16 << 20

  package func signed(by key: SigningKey) -> [UInt8] {
    let json = self.json
    return Self.opening + key.sign(Self.opening + json) + json
  }

  package init(
    signed bytes: [UInt8], by key: VerifyingKey, for collector: CollectorID
  ) throws(Problem) {
    let head = Self.opening.count + SigningKey.signatureByteCount
    guard bytes.count > head, bytes.count <= Self.maximumByteCount, bytes.starts(with: Self.opening)
    else { throw .malformed("file") }
    let signature = Array(bytes[Self.opening.count..<head])
    let json = Array(bytes[head...])
    guard key.isValid(signature, for: Self.opening + json) else { throw .badSignature }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: json.span)
    } catch {
      throw .malformed(error.message)
    }
    try self.init(json: value)
    guard self.collector == collector else { throw .foreign(self.collector) }
  }
}
