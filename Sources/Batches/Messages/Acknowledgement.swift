package import Crypto
package import Events
private import JSON

/// The aggregator's promise that a batch is on its disk (RELIABILITY A3). It counts only where it
/// names the very batch that was sent, by id and digest, and the store that is meant.
package struct Acknowledgement: Equatable, Sendable {
  package enum Status: String, Sendable, CaseIterable {
    case committed
    /// Some of its events were refused, see `rejected`; they count as delivered.
    case partial
    /// Was here before.
    case duplicate
  }

  package var batch: BatchID
  package var digest: Digest
  package var status: Status
  package var accepted: Int
  package var duplicates: Int
  package var rejected: [Rejected]
  /// The end of the contiguous sequence that is on disk, of this epoch and project.
  package var durableThrough: UInt64
  /// The end of what a verified backup holds besides.
  package var safeThrough: UInt64
  package var store: StoreID
  package var incarnation: UInt64
  package var limits: BatchLimits
  package var serverMilliseconds: Int64

  /// An event that went to the dead letters.
  package struct Rejected: Equatable, Sendable {
    package var index: Int
    package var eventID: EventID
    package var code: String
    package var reason: String

    package init(index: Int, eventID: EventID, code: String, reason: String) {
      self.index = index
      self.eventID = eventID
      self.code = code
      self.reason = reason
    }
  }

  package init(
    batch: BatchID, digest: Digest, status: Status, accepted: Int, duplicates: Int,
    rejected: [Rejected] = [], durableThrough: UInt64, safeThrough: UInt64, store: StoreID,
    incarnation: UInt64, limits: BatchLimits = .standard, serverMilliseconds: Int64
  ) {
    self.batch = batch
    self.digest = digest
    self.status = status
    self.accepted = accepted
    self.duplicates = duplicates
    self.rejected = rejected
    self.durableThrough = durableThrough
    self.safeThrough = safeThrough
    self.store = store
    self.incarnation = incarnation
    self.limits = limits
    self.serverMilliseconds = serverMilliseconds
  }

  /// Whether this answers for that batch, from the store that the batch was for.
  package func acknowledges(_ sealed: SealedBatch) -> Bool {
    batch == sealed.id && digest == sealed.digest && store == sealed.header.audience
  }
}

extension Acknowledgement {
  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("batch_id")
      writer.object { writer in
        writer.field("epoch", batch.epoch.description)
        writer.field("project_id", batch.project.text)
        writer.field("number", batch.number)
      }
      writer.field("digest", digest.hex)
      writer.field("status", status.rawValue)
      writer.field("accepted", accepted)
      writer.field("duplicates", duplicates)
      writer.field("rejected", rejected) { writer, rejected in
        writer.object { writer in
          writer.field("index", rejected.index)
          writer.field("event_id", rejected.eventID.description)
          writer.field("code", rejected.code)
          writer.field("reason", rejected.reason)
        }
      }
      writer.field("durable_through", durableThrough)
      writer.field("safe_through", safeThrough)
      writer.field("store_uuid", store.description)
      writer.field("incarnation", incarnation)
      writer.key("limits")
      limits.write(to: &writer)
      writer.field("server_time", serverMilliseconds)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    let id = try fields.object("batch_id")
    batch = BatchID(
      epoch: try id.parsed("epoch"), project: try id.project("project_id"),
      number: try id.count("number"))
    digest = try fields.digest("digest")
    guard let status = Status(rawValue: try fields.text("status")) else {
      throw fields.problem("status")
    }
    self.status = status
    accepted = try fields.size("accepted")
    duplicates = try fields.size("duplicates")
    rejected = try fields.objects("rejected") { (fields) throws(MessageProblem) in
      Rejected(
        index: try fields.size("index"), eventID: try fields.parsed("event_id"),
        code: try fields.text("code"), reason: try fields.text("reason"))
    }
    durableThrough = try fields.count("durable_through")
    safeThrough = try fields.count("safe_through")
    store = try fields.parsed("store_uuid")
    incarnation = try fields.count("incarnation")
    limits = try BatchLimits(fields.object("limits"))
    serverMilliseconds = try fields.integer("server_time")
  }
}
