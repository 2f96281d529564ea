package import Crypto
package import Events
private import JSON

/// A collector's wish to belong to an aggregator, signed by the key that it will sign batches with.
/// Token, nonce and audience stand in what is signed: the proof of possession is good once and here.
package struct EnrolmentRequest: Equatable, Sendable {
  /// The one-time token as the operator gave it. It travels inside TLS only.
  package var token: String
  package var nonce: [UInt8]
  package var audience: StoreID
  package var publicKey: VerifyingKey
  /// What the operator sees in the list.
  package var name: String
  package var program: String

  package init(
    token: String, nonce: [UInt8], audience: StoreID, publicKey: VerifyingKey, name: String,
    program: String
  ) {
    self.token = token
    self.nonce = nonce
    self.audience = audience
    self.publicKey = publicKey
    self.name = name
    self.program = program
  }

  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("token", token)
      writer.field("nonce", bytes: nonce)
      writer.field("store_uuid", audience.description)
      writer.field("public_key", bytes: publicKey.bytes)
      writer.field("name", name)
      writer.field("program", program)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    token = try fields.text("token")
    nonce = try fields.bytes("nonce", count: Challenge.nonceByteCount)
    audience = try fields.parsed("store_uuid")
    publicKey = try fields.key("public_key")
    name = try fields.text("name")
    program = try fields.text("program")
  }
}

/// Who the collector is from now on, and whose answers it may believe.
package struct EnrolmentReply: Equatable, Sendable {
  package var nonce: [UInt8]
  package var store: StoreID
  package var incarnation: UInt64
  package var collector: CollectorID
  package var projects: [ProjectID]
  /// The keys that sign the aggregator's answers.
  package var keys: [VerifyingKey]
  package var serverMilliseconds: Int64

  package init(
    nonce: [UInt8], store: StoreID, incarnation: UInt64, collector: CollectorID,
    projects: [ProjectID], keys: [VerifyingKey], serverMilliseconds: Int64
  ) {
    self.nonce = nonce
    self.store = store
    self.incarnation = incarnation
    self.collector = collector
    self.projects = projects
    self.keys = keys
    self.serverMilliseconds = serverMilliseconds
  }

  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("nonce", bytes: nonce)
      writer.field("store_uuid", store.description)
      writer.field("incarnation", incarnation)
      writer.field("collector_id", collector.description)
      writer.field("projects", projects) { $0.string($1.text) }
      writer.field("keys", keys) { $0.string(Base64.url.encode($1.bytes.span)) }
      writer.field("server_time", serverMilliseconds)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    nonce = try fields.bytes("nonce", count: Challenge.nonceByteCount)
    store = try fields.parsed("store_uuid")
    incarnation = try fields.count("incarnation")
    collector = try fields.parsed("collector_id")
    projects = []
    for text in try fields.texts("projects") {
      do { projects.append(try ProjectID(text)) } catch { throw fields.problem("projects") }
    }
    keys = try Self.keys(fields)
    serverMilliseconds = try fields.integer("server_time")
  }

  static func keys(_ fields: MessageFields) throws(MessageProblem) -> [VerifyingKey] {
    var keys: [VerifyingKey] = []
    for text in try fields.texts("keys") {
      guard let bytes = Base64.url.decode(text),
        let key = try? VerifyingKey(checking: bytes.span)  // A bad key is a bad message.
      else { throw fields.problem("keys") }
      keys.append(key)
    }
    return keys
  }
}
