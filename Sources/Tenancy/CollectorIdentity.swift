package import Crypto
package import Events

/// The name of a collector, which is a file name, a path component and a label as it is.
package struct CollectorID: Hashable, Sendable, CustomStringConvertible {
  package static let maximumUTF8Count = 64
  package let text: String

  /// Nil for anything but 1 to 64 lower-case letters, digits and dashes (RELIABILITY 4.2).
  package init?(_ text: String) {
    let isGood = text.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard isGood, (1...Self.maximumUTF8Count).contains(text.utf8.count) else { return nil }
    self.text = text
  }

  package var description: String { text }
}

/// A collector that has enrolled: who it is, whose signatures are its own, and for whom it speaks.
package struct CollectorIdentity: Sendable {
  /// A key of a collector. After a rotation there are several; old ones keep their backlog valid.
  package struct Key: Hashable, Sendable {
    package let id: String
    package let key: VerifyingKey
    package let status: CredentialStatus
    package let createdMilliseconds: Int64

    /// A key's name is the start of its fingerprint, so that both sides know it without being told.
    package static func id(of key: VerifyingKey) -> String {
      String(decoding: key.fingerprint.hex.utf8.prefix(16), as: UTF8.self)
    }
  }

  package let id: CollectorID
  package let name: String
  package let status: CredentialStatus
  package let keys: [Key]
  package let projects: Set<ProjectID>
  package let createdMilliseconds: Int64
  package let lastSeen: LastUse

  /// The key of this name, if it may still sign.
  package func key(_ id: String) -> VerifyingKey? {
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
