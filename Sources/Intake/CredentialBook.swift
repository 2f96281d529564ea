package import Events
package import Tenancy

/// Who may do what, as of one moment: the aggregator's snapshot, or the ring of keys that a
/// collector was given.
package protocol CredentialBook: Sendable {
  func grant(forKey presented: Span<UInt8>, at milliseconds: Int64) -> Grant?
  func grant(forClient id: Span<UInt8>, secret: Span<UInt8>?, at milliseconds: Int64) -> Grant?
  /// Where a client's pages may be served from, empty for anywhere; nil for an unknown client.
  func origins(ofClient id: Span<UInt8>) -> [String]?
  /// Whether events of this project are taken here.
  func speaks(for project: ProjectID) -> Bool
}

extension KeyRing: CredentialBook {}

extension TenancySnapshot: CredentialBook {
  package func speaks(for project: ProjectID) -> Bool { projects[project]?.status == .active }
}
