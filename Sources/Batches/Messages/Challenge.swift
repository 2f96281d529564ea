private import JSON

/// What the aggregator wants signed, so that an old signature proves nothing: asked for before
/// enrolment and before each hello.
package struct Challenge: Equatable, Sendable {
  package static let nonceByteCount = 32

  package let nonce: [UInt8]
  package let store: StoreID
  package let serverMilliseconds: Int64

  package init(nonce: [UInt8], store: StoreID, serverMilliseconds: Int64) {
    precondition(nonce.count == Self.nonceByteCount, "a nonce has \(Self.nonceByteCount) bytes")
    self.nonce = nonce
    self.store = store
    self.serverMilliseconds = serverMilliseconds
  }

  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("nonce", bytes: nonce)
      writer.field("store_uuid", store.description)
      writer.field("server_time", serverMilliseconds)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    nonce = try fields.bytes("nonce", count: Self.nonceByteCount)
    store = try fields.parsed("store_uuid")
    serverMilliseconds = try fields.integer("server_time")
  }
}
