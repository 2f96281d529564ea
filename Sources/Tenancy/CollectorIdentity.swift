package import Batches
package import Crypto
package import Events

/// A collector that has enrolled: who it is, whose signatures are its own, and for whom it speaks.
package struct CollectorIdentity: Sendable {
  /// A key of a collector. After a rotation there are several; old ones keep their backlog valid.
  package struct Key: Hashable, Sendable {
    package let id: KeyID
    package let key: VerifyingKey
    package let status: CredentialStatus
    package let createdMilliseconds: Int64
  }

  package let id: CollectorID
  package let name: String
  package let status: CredentialStatus
  package let keys: [Key]
  package let projects: Set<ProjectID>
  package let createdMilliseconds: Int64
  package let lastSeen: LastUse

  /// The key of this name, if it may still sign.
  package func key(_ id: KeyID) -> VerifyingKey? {
    guard status == .active else { return nil }
    return keys.first { $0.id == id && $0.status == .active }?.key
  }
}

/// What became of a collector's request to join.
package enum Enrolment: Sendable {
  /// It is one of us. `isRepeated` says that this very key had used this very token before: its first
  /// answer was lost, and it learns nothing that it did not prove to be its own.
  case enrolled(CollectorIdentity, isRepeated: Bool)
  /// No such token.
  case unknown
  case expired
  /// Somebody else used it: 409, and an alarm.
  case used(by: CollectorID)
  /// The key belongs to a collector that was shut out.
  case revoked(CollectorID)
}
