package import Batches
package import Crypto
import JSON

/// What a backup consists of. It is the last file that is written; a folder without it, or with one
/// that does not fit its own checksum, is no backup.
///
/// `manifest.json` is one JSON object in one line: first `"checksum"`, the SHA-256 of every byte of the
/// file behind that member's comma, then what the fields below say. Names are plain: letters, digits,
/// dots, dashes and underscores.
package struct BackupManifest: Equatable, Sendable {
  static let fileName = "manifest.json"
  static let format: Int64 = 1
  /// A backup of ten thousand packs has two megabytes of it.
  static let maximumBytes = 64 << 20

  package struct File: Equatable, Sendable {
    package let name: String
    package let bytes: Int
    package let digest: Digest
  }

  package struct Pack: Equatable, Sendable {
    package let number: UInt64
    /// In the folder `packs` beside the backup: packs are shared by the backups that need them.
    package let file: File
  }

  /// The name of its folder, by which backups are in the order of their times.
  package let name: String
  package let store: StoreID
  package let incarnation: UInt64
  package let generation: UInt64
  /// Events in answers, at that moment.
  package let events: Int
  /// What had been acknowledged before this moment is in it, in milliseconds since 1970.
  package let began: Int64
  package let made: Int64
  package let version: String
  package let files: [File]
  package let packs: [Pack]
  /// Packs that the store itself lacks.
  package let missingPacks: [UInt64]

  package var byteCount: Int {
    files.reduce(0) { $0 + $1.bytes } + packs.reduce(0) { $0 + $1.file.bytes }
  }
}

extension BackupManifest {
  func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 1_024 + packs.count * 160)
    json.beginObject()
    json.key("format")
    json.integer(Self.format)
    writeFacts(to: &json)
    json.key("files")
    json.beginArray()
    for file in files { Self.write(file, number: nil, to: &json) }
    json.endArray()
    json.key("packs")
    json.beginArray()
    for pack in packs { Self.write(pack.file, number: pack.number, to: &json) }
    json.endArray()
    json.endObject()
    json.endLine()
    let rest = json.bytes.dropFirst()  // The brace stands before the checksum.
    let covered = Array(rest)
    return Array((Self.prefix + sha256(covered.span).hex + Self.separator).utf8) + covered
  }

  private static let prefix = #"{"checksum":""#
  private static let separator = "\","

  /// What people and programs are told of a backup.
  func writeFacts(to json: inout JSONWriter) {
    json.key("name")
    json.string(name)
    json.key("store")
    json.string(store.description)
    for (key, value) in [
      ("incarnation", Int64(clamping: incarnation)), ("generation", Int64(clamping: generation)),
      ("events", Int64(events)), ("began_at", began), ("made_at", made),
    ] {
      json.key(key)
      json.integer(value)
    }
    json.key("version")
    json.string(version)
    json.key("missing_packs")
    json.beginArray()
    for pack in missingPacks { json.integer(pack) }
    json.endArray()
  }

  private static func write(_ file: File, number: UInt64?, to json: inout JSONWriter) {
    json.beginObject()
    if let number {
      json.key("number")
      json.integer(number)
    }
    json.key("name")
    json.string(file.name)
    json.key("bytes")
    json.integer(file.bytes)
    json.key("sha256")
    json.string(file.digest.hex)
    json.endObject()
  }

  /// Nil for anything that was not written whole by `encode`.
  init?(decoding bytes: [UInt8]) throws(BackupProblem) {
    let head = Self.prefix.utf8.count
    let start = head + 64 + Self.separator.utf8.count
    guard bytes.count > start, bytes.count <= Self.maximumBytes,
      bytes.starts(with: Self.prefix.utf8),
      bytes[(head + 64)..<start].elementsEqual(Self.separator.utf8),
      let checksum = Digest(hex: String(decoding: bytes[head..<(head + 64)], as: UTF8.self))
    else { return nil }
    let covered = Array(bytes[start...])
    guard sha256(covered.span) == checksum, let json = try? JSONValue(parsing: bytes.span),
      let format = json["format"]?.integer
    else { return nil }
    guard format == Self.format else {
      throw .newer("the backup has format \(format), and this program knows \(Self.format)")
    }
    guard let name = json["name"]?.string, let store = json["store"]?.string.flatMap(StoreID.init),
      let version = json["version"]?.string, let began = json["began_at"]?.integer,
      let made = json["made_at"]?.integer, let events = json["events"]?.integer,
      let incarnation = json["incarnation"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let generation = json["generation"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let files = json["files"]?.array, let packs = json["packs"]?.array,
      let missing = json["missing_packs"]?.array
    else { return nil }
    self.name = name
    self.store = store
    self.version = version
    self.began = began
    self.made = made
    self.events = Int(events)
    self.incarnation = incarnation
    self.generation = generation
    self.files = files.compactMap(File.init(json:))
    self.packs = packs.compactMap { value in
      guard let number = value["number"]?.integer.flatMap({ UInt64(exactly: $0) }),
        let file = File(json: value)
      else { return nil }
      return Pack(number: number, file: file)
    }
    missingPacks = missing.compactMap { $0.integer.flatMap { UInt64(exactly: $0) } }
    guard self.files.count == files.count, self.packs.count == packs.count else { return nil }
  }
}

extension BackupManifest.File {
  fileprivate init?(json: JSONValue) {
    guard let name = json["name"]?.string, Self.isPlain(name),
      let bytes = json["bytes"]?.integer, bytes >= 0,
      let digest = json["sha256"]?.string.flatMap(Digest.init(hex:))
    else { return nil }
    self.init(name: name, bytes: Int(bytes), digest: digest)
  }

  /// A name that leads nowhere else.
  static func isPlain(_ name: String) -> Bool {
    let bytes = name.utf8
    return !bytes.isEmpty && bytes.count <= 128 && bytes.first != UInt8(ascii: ".")
      && bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
