import Batches
import Crypto
import Events
import JSON

/// Who this collector is and whose answers it believes: made by enrolment, kept in
/// `DATA/identity.json` for the owner's eyes only.
struct Identity: Equatable, Sendable {
  static let fileName = "identity.json"
  static let authorityFileName = "ca.pem"

  let collector: CollectorID
  let store: StoreID
  /// The latest life of that store that we know of.
  var incarnation: UInt64
  /// The secret half of the collector's key.
  let seed: [UInt8]
  /// The keys that sign the aggregator's answers.
  var aggregatorKeys: [VerifyingKey]
  let projects: [ProjectID]

  enum Problem: Error, Equatable {
    case malformed(String)
  }

  func signingKey() throws(CryptoError) -> SigningKey { try SigningKey(seed: seed.span) }

  func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.key("version")
    json.integer(1)
    for (name, text) in [
      ("collector_id", collector.description), ("store_uuid", store.description),
      ("seed", Base64.url.encode(seed.span)),
    ] {
      json.key(name)
      json.string(text)
    }
    json.key("incarnation")
    json.integer(incarnation)
    json.key("aggregator_keys")
    json.beginArray()
    for key in aggregatorKeys { json.string(Base64.url.encode(key.bytes.span)) }
    json.endArray()
    json.key("projects")
    json.beginArray()
    for project in projects { json.string(project.text) }
    json.endArray()
    json.endObject()
    return json.bytes + [0x0A]
  }

  init(
    collector: CollectorID, store: StoreID, incarnation: UInt64, seed: [UInt8],
    aggregatorKeys: [VerifyingKey], projects: [ProjectID]
  ) {
    self.collector = collector
    self.store = store
    self.incarnation = incarnation
    self.seed = seed
    self.aggregatorKeys = aggregatorKeys
    self.projects = projects
  }

  init(decoding bytes: Span<UInt8>) throws(Problem) {
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch { throw .malformed(error.message) }
    func text(_ name: String) throws(Problem) -> String {
      guard let text = value[name]?.string else { throw .malformed(name) }
      return text
    }
    guard value["version"]?.integer == 1 else { throw .malformed("version") }
    guard let collector = CollectorID(try text("collector_id")) else {
      throw .malformed("collector_id")
    }
    guard let store = StoreID(try text("store_uuid")) else { throw .malformed("store_uuid") }
    guard let seed = Base64.url.decode(try text("seed")), seed.count == SigningKey.seedByteCount
    else { throw .malformed("seed") }
    guard let incarnation = value["incarnation"]?.integer.flatMap({ UInt64(exactly: $0) }) else {
      throw .malformed("incarnation")
    }
    self.collector = collector
    self.store = store
    self.incarnation = incarnation
    self.seed = seed
    aggregatorKeys = try Self.list(value, "aggregator_keys") { text in
      guard let bytes = Base64.url.decode(text) else { return nil }
      return try? VerifyingKey(checking: bytes.span)  // What is no key makes no sense here.
    }
    projects = try Self.list(value, "projects") { try? ProjectID($0) }  // Likewise.
  }

  private static func list<Element>(
    _ value: JSONValue, _ name: String, _ read: (String) -> Element?
  ) throws(Problem) -> [Element] {
    guard let array = value[name]?.array else { throw .malformed(name) }
    let elements = array.compactMap { $0.string.flatMap(read) }
    guard elements.count == array.count else { throw .malformed(name) }
    return elements
  }
}
