package import Columns

/// Why bytes are not a batch. `code` is what the sender is told; the facts stay in the log.
package enum BatchProblem: Error, Equatable, Sendable {
  // The envelope.
  case truncated
  case notABatch
  case unknownVersion(UInt16)
  case unknownKind(UInt8)
  case unknownCodec(UInt8)
  case badHeader(field: String)
  case badSignature
  case wrongLength(declared: Int, got: Int)
  case badDigest
  case tooLarge(what: String, limit: Int)
  case badCompression

  // The body.
  case columns(ColumnProblem)
  /// Rows or lengths in the body that disagree with the header.
  case disagreement(field: String)
  /// A value that no event can have.
  case badValue(field: String, at: Int)
  case badShape(UInt32)

  // Sealing: what cannot be put into a batch.
  case emptyBatch
  /// The record at this place in the list is not a canonical event record.
  case badRecord(Int)

  /// The code of the reply, as `Docs/api.md` lists them.
  package var code: String {
    switch self {
    case .badSignature: "bad_signature"
    case .badDigest: "bad_digest"
    case .tooLarge: "too_large"
    case .unknownVersion, .unknownKind, .unknownCodec: "unsupported_version"
    default: "malformed"
    }
  }
}
