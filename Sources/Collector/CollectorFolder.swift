package import Platform

/// Where a collector keeps what is its own. Everything in it is for its owner alone.
package struct CollectorFolder: Sendable {
  package let directory: Directory

  package init(_ path: String) { directory = Directory(path) }

  package var controlSocketPath: String { directory.file("control.sock") }
  package var configurationPath: String { directory.file("config.json5") }
  package var spoolPath: String { directory.file("spool") }
  package var authorityPath: String { directory.file(Self.authority) }

  static let authority = "ca.pem"
  static let identity = "identity.json"
  static let hello = "hello.json"
  /// The key of an enrolment that is under way: a second attempt has to show the same one.
  static let pendingKey = "enrolment.key"
  static let configuration = "config.json5"

  /// Who this collector is; nil where it was never enrolled.
  func readIdentity() throws -> Identity? {
    guard let bytes = try directory.read(Self.identity, upTo: 1 << 20) else { return nil }
    return try Identity(decoding: bytes.span)
  }

  func write(_ identity: Identity) throws(SystemError) {
    try directory.replace(Self.identity, with: identity.encode().span)
  }

  func readAuthority() throws(SystemError) -> [UInt8]? {
    try directory.read(Self.authority, upTo: 1 << 20)
  }
}
