internal import Batches
internal import Crypto
internal import Events
package import JSON

extension KeyRing {
  /// Writes the ring as one JSON value.
  package func write(to json: inout JSONWriter) {
    json.beginObject()
    json.key("version")
    json.integer(1)
    json.key("generation")
    json.integer(generation)
    json.key("issued_at")
    json.integer(issuedMilliseconds)
    json.key("collector")
    json.string(collector.description)
    json.key("projects")
    json.beginArray()
    for project in projects { write(project, to: &json) }
    json.endArray()
    json.endObject()
  }

  package var json: [UInt8] {
    var writer = JSONWriter(capacity: 1024)
    write(to: &writer)
    return writer.bytes
  }

  private func write(_ project: Entry, to json: inout JSONWriter) {
    json.beginObject()
    for (key, value) in [
      ("id", project.id.text), ("name", project.name),
      ("status", project.isActive ? "active" : "archived"),
    ] {
      json.key(key)
      json.string(value)
    }
    json.key("keys")
    json.beginArray()
    for key in project.keys {
      json.beginObject()
      for (name, value) in [("id", key.id), ("prefix", key.prefix), ("sha256", key.digest.hex)] {
        json.key(name)
        json.string(value)
      }
      json.endObject()
    }
    json.endArray()
    json.key("clients")
    json.beginArray()
    for client in project.clients {
      json.beginObject()
      json.key("id")
      json.string(client.id)
      json.key("secret_sha256")
      if let secret = client.secret { json.string(secret.hex) } else { json.null() }
      json.key("origins")
      json.beginArray()
      for origin in client.origins { json.string(origin) }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// Reads a ring, which is believed only inside something signed.
  package init(json: JSONValue) throws(Problem) {
    let version = try Self.take(json["version"]?.integer, "version")
    guard version == 1 else { throw .version(version) }
    var projects: [Entry] = []
    for project in try Self.take(json["projects"]?.array, "projects") {
      projects.append(try Self.entry(project))
    }
    self.init(
      generation: try Self.take(json["generation"]?.integer, "generation"),
      issuedMilliseconds: try Self.take(json["issued_at"]?.integer, "issued_at"),
      collector: try Self.take(json["collector"]?.string.flatMap { CollectorID($0) }, "collector"),
      projects: projects)
  }

  private static func entry(_ json: JSONValue) throws(Problem) -> Entry {
    var keys: [Key] = []
    for key in try take(json["keys"]?.array, "keys") {
      keys.append(
        Key(
          id: try take(key["id"]?.string, "key id"),
          prefix: try take(key["prefix"]?.string, "prefix"),
          digest: try take(key["sha256"]?.string.flatMap(Digest.init(hex:)), "sha256")))
    }
    var clients: [Client] = []
    for client in try take(json["clients"]?.array, "clients") {
      let secret = try take(client["secret_sha256"], "secret_sha256")
      clients.append(
        Client(
          id: try take(client["id"]?.string, "client id"),
          secret: secret == .null
            ? nil : try take(secret.string.flatMap(Digest.init(hex:)), "secret_sha256"),
          origins: (client["origins"]?.array ?? []).compactMap(\.string)))
    }
    return Entry(
      id: try take(
        json["id"]?.string.flatMap { try? ProjectID($0) }, "project id"),  // Malformed either way.
      name: json["name"]?.string ?? "", isActive: json["status"]?.string == "active", keys: keys,
      clients: clients)
  }

  private static func take<Value>(_ value: Value?, _ what: String) throws(Problem) -> Value {
    guard let value else { throw .malformed(what) }
    return value
  }
}
