package import Crypto
package import Events

/// What a key is for.
package enum KeyScope: String, CaseIterable, Sendable {
  case write, read, admin

  /// How a key of this scope begins, before `_`.
  package var code: String {
    switch self {
    case .write: "tw"
    case .read: "tr"
    case .admin: "ta"
    }
  }

  package var kind: Secret.Kind { Secret.Kind(code: code) }

  package var rights: Rights {
    switch self {
    case .write: .write
    case .read: .read
    case .admin: [.write, .read, .administer]
    }
  }
}

package enum CredentialStatus: String, Sendable {
  case active, revoked
}

/// A key as the store knows it: never the key itself, only its public prefix and its SHA-256.
package struct APIKey: Sendable {
  package let id: String
  package let prefix: String
  package let digest: Digest
  package let scope: KeyScope
  /// Nil for admin keys alone.
  package let project: ProjectID?
  package let name: String
  package let status: CredentialStatus
  package let createdMilliseconds: Int64
  package let lastUse: LastUse

  var grant: Grant { Grant(credential: id, project: project, rights: scope.rights) }
}

/// A client id, as pages carry it openly, and the secret that servers have beside it.
package struct Client: Sendable {
  static let secretKind = Secret.Kind(code: "ts")

  /// A UUID, since some clients check that it is one.
  package let id: String
  package let project: ProjectID
  package let name: String
  package let secret: Digest?
  /// Origins such as `https://example.com`; empty allows all.
  package let origins: [String]
  package let status: CredentialStatus
  package let createdMilliseconds: Int64
  package let lastUse: LastUse
}
