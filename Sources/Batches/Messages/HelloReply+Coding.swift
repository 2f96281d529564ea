import Crypto
import Events
import JSON

extension HelloReply {
  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("nonce", bytes: nonce)
      writer.field("store_uuid", store.description)
      writer.field("incarnation", incarnation)
      writer.field("collector_id", collector.description)
      writer.field("version", version)
      writer.key("limits")
      limits.write(to: &writer)
      writer.field("projects", projects) { $1.write(to: &$0) }
      writer.field("watermarks", watermarks) { $1.write(to: &$0) }
      writer.field("keys", keys) { $0.string(Base64.url.encode($1.bytes.span)) }
      writer.field("server_time", serverMilliseconds)
      writer.field("refresh_seconds", refreshSeconds)
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    nonce = try fields.bytes("nonce", count: Challenge.nonceByteCount)
    store = try fields.parsed("store_uuid")
    incarnation = try fields.count("incarnation")
    collector = try fields.parsed("collector_id")
    guard let version = UInt16(exactly: try fields.integer("version")) else {
      throw fields.problem("version")
    }
    self.version = version
    limits = try BatchLimits(fields.object("limits"))
    projects = try fields.objects("projects") { (fields) throws(MessageProblem) in
      try Project(fields)
    }
    watermarks = try fields.objects("watermarks") { (fields) throws(MessageProblem) in
      try Watermark(fields)
    }
    keys = try EnrolmentReply.keys(fields)
    serverMilliseconds = try fields.integer("server_time")
    refreshSeconds = try fields.size("refresh_seconds")
  }
}

extension HelloReply.Project {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("project_id", id.text)
      writer.field("write_keys", writeKeys) { writer, key in
        writer.object {
          $0.field("prefix", key.prefix)
          $0.field("sha256", key.digest.hex)
        }
      }
      writer.field("clients", clients) { writer, client in
        writer.object {
          $0.field("client_id", client.id)
          if let secret = client.secret { $0.field("secret_sha256", secret.hex) }
          $0.field("origins", client.origins) { $0.string($1) }
        }
      }
    }
  }

  fileprivate init(_ fields: MessageFields) throws(MessageProblem) {
    id = try fields.project("project_id")
    writeKeys = try fields.objects("write_keys") { (fields) throws(MessageProblem) in
      HelloReply.KeyHash(prefix: try fields.text("prefix"), digest: try fields.digest("sha256"))
    }
    clients = try fields.objects("clients") { (fields) throws(MessageProblem) in
      HelloReply.Client(
        id: try fields.text("client_id"),
        secret: fields.has("secret_sha256") ? try fields.digest("secret_sha256") : nil,
        origins: try fields.texts("origins"))
    }
  }
}

extension HelloReply.Watermark {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("epoch", epoch.description)
      writer.field("project_id", project.text)
      writer.field("durable_through", durableThrough)
      writer.field("safe_through", safeThrough)
      writer.field("frozen", isFrozen)
    }
  }

  fileprivate init(_ fields: MessageFields) throws(MessageProblem) {
    epoch = try fields.parsed("epoch")
    project = try fields.project("project_id")
    durableThrough = try fields.count("durable_through")
    safeThrough = try fields.count("safe_through")
    isFrozen = try fields.bool("frozen")
  }
}

extension BatchLimits {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("events", rows)
      writer.field("compressed_bytes", compressedBytes)
      writer.field("plain_bytes", plainBytes)
    }
  }

  init(_ fields: MessageFields) throws(MessageProblem) {
    self.init(
      rows: try fields.size("events"), compressedBytes: try fields.size("compressed_bytes"),
      plainBytes: try fields.size("plain_bytes"))
  }
}
