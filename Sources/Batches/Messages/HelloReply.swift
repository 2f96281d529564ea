package import Crypto
package import Events
private import JSON

/// What a collector has to know to do its work, also when it is offline later: it keeps the signed
/// bytes and reads them again at its next start.
package struct HelloReply: Equatable, Sendable {
  /// That of the request: an old answer is no answer.
  package var nonce: [UInt8]
  package var store: StoreID
  package var incarnation: UInt64
  package var collector: CollectorID
  /// The batch format to write.
  package var version: UInt16
  package var limits: BatchLimits
  package var projects: [Project]
  package var watermarks: [Watermark]
  /// The keys that sign the aggregator's answers from now on.
  package var keys: [VerifyingKey]
  package var serverMilliseconds: Int64
  /// When to say hello again at the latest.
  package var refreshSeconds: Int

  package struct Project: Equatable, Sendable {
    package var id: ProjectID
    /// What a client may show to write.
    package var writeKeys: [KeyHash]
    /// Clients that may write by their id alone; with a secret where they have one.
    package var clients: [Client]

    package init(id: ProjectID, writeKeys: [KeyHash], clients: [Client] = []) {
      self.id = id
      self.writeKeys = writeKeys
      self.clients = clients
    }
  }

  /// A key as its public prefix and the SHA-256 of the whole.
  package struct KeyHash: Equatable, Sendable {
    package var prefix: String
    package var digest: Digest

    package init(prefix: String, digest: Digest) {
      self.prefix = prefix
      self.digest = digest
    }
  }

  package struct Client: Equatable, Sendable {
    package var id: String
    package var secret: Digest?
    /// Where its pages may be served from; empty is anywhere.
    package var origins: [String]

    package init(id: String, secret: Digest? = nil, origins: [String] = []) {
      self.id = id
      self.secret = secret
      self.origins = origins
    }
  }

  /// How much of an epoch the aggregator has: the ends of contiguous sequences, 0 for none.
  package struct Watermark: Equatable, Sendable {
    package var epoch: Epoch
    package var project: ProjectID
    package var durableThrough: UInt64
    package var safeThrough: UInt64
    /// Two collectors have written under it: take a new epoch.
    package var isFrozen: Bool

    package init(
      epoch: Epoch, project: ProjectID, durableThrough: UInt64, safeThrough: UInt64,
      isFrozen: Bool = false
    ) {
      self.epoch = epoch
      self.project = project
      self.durableThrough = durableThrough
      self.safeThrough = safeThrough
      self.isFrozen = isFrozen
    }
  }

  package init(
    nonce: [UInt8], store: StoreID, incarnation: UInt64, collector: CollectorID,
    version: UInt16 = BatchHeader.version, limits: BatchLimits = .standard, projects: [Project],
    watermarks: [Watermark], keys: [VerifyingKey], serverMilliseconds: Int64, refreshSeconds: Int
  ) {
    self.nonce = nonce
    self.store = store
    self.incarnation = incarnation
    self.collector = collector
    self.version = version
    self.limits = limits
    self.projects = projects
    self.watermarks = watermarks
    self.keys = keys
    self.serverMilliseconds = serverMilliseconds
    self.refreshSeconds = refreshSeconds
  }
}
