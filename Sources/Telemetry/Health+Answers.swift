internal import JSON

extension Health {
  /// What a route answers: the status, and a JSON object.
  package struct Answer: Equatable, Sendable {
    package let status: Int
    package let body: [UInt8]
  }

  /// `/health` and `/api/v1/health`: everything, 503 when requests should go elsewhere.
  ///
  ///     {"status":"degraded","service":"tributary-collector","version":"0.1.0","phase":"serving",
  ///      "live":true,"ready":true,"dependencies":{"spool":{"status":"degraded","detail":"71 % full"}}}
  package var whole: Answer {
    var json = opened(state.description)
    json.key("live")
    json.bool(isLive)
    json.key("ready")
    json.bool(isReady)
    append(parts, to: &json)
    return Answer(status: isReady ? 200 : 503, body: json.bytes)
  }

  /// `/health/live`: 503 means "restart it"; names the parts that say so.
  package var liveness: Answer {
    var json = opened(isLive ? "live" : "failed")
    append(parts.filter { $0.weight == .liveness }, to: &json)
    return Answer(status: isLive ? 200 : 503, body: json.bytes)
  }

  /// `/health/ready`: 503 means "send requests elsewhere"; a degraded program stays ready.
  package var readiness: Answer {
    var json = opened(isReady ? "ready" : "not_ready")
    append(parts.filter { $0.weight != .informative }, to: &json)
    return Answer(status: isReady ? 200 : 503, body: json.bytes)
  }

  private func opened(_ status: String) -> JSONWriter {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    for (key, value) in [
      ("status", status), ("service", service), ("version", version), ("phase", "\(phase)"),
    ] {
      json.key(key)
      json.string(value)
    }
    return json
  }

  private func append(_ parts: [Part], to json: inout JSONWriter) {
    json.key("dependencies")
    json.beginObject()
    for part in parts {
      json.key(part.name)
      json.beginObject()
      json.key("status")
      json.string(part.state.description)
      if let detail = part.detail {
        json.key("detail")
        json.string(detail)
      }
      json.endObject()
    }
    json.endObject()
    json.endObject()
  }
}
