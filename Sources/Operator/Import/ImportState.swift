import JSON
import Platform

// The state file of an import, one JSON object:
//
//   {"version": 1, "target": "store …", "project": "acme-web" or null,
//    "inputs": [{"path", "inode", "size", "head", "bytes", "lines"}, …]}
//
// `head` is the SHA-256 of the input's first KiB, `bytes` and `lines` say up to where everything is
// settled. It is a convenience: without it, or with an old one, lines are sent again, and recognised.

/// Up to where an import has come.
struct ImportState: Equatable {
  struct Input: Equatable {
    var path: String
    var inode: UInt64
    var size: Int
    var head: String
    var place: ImportLedger.Place
  }

  static let version: Int64 = 1
  static let maximumBytes = 16 << 20

  var target: String
  var project: String?
  var inputs: [Input]

  /// Where to go on in a file: at its beginning, unless it is the one that was read, and has only
  /// grown since.
  func place(
    in path: String, _ facts: InputFile.Facts, head: String, target: String, project: String?
  ) -> ImportLedger.Place {
    guard target == self.target, project == self.project,
      let known = inputs.first(where: { $0.path == path }),
      known.inode == facts.inode, known.size <= facts.size, known.place.bytes <= known.size,
      // A file of less than a KiB has another first KiB once it has grown.
      known.head == head || known.size < ImportSource.headBytes && known.size != facts.size
    else { return ImportLedger.Place() }
    return known.place
  }

  func encode() -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.key("version")
    json.integer(Self.version)
    json.key("target")
    json.string(target)
    json.key("project")
    if let project { json.string(project) } else { json.null() }
    json.key("inputs")
    json.beginArray()
    for input in inputs {
      json.beginObject()
      json.key("path")
      json.string(input.path)
      json.key("inode")
      json.string(String(input.inode))
      json.key("size")
      json.integer(input.size)
      json.key("head")
      json.string(input.head)
      json.key("bytes")
      json.integer(input.place.bytes)
      json.key("lines")
      json.integer(input.place.lines)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    json.endLine()
    return json.bytes
  }

  /// Nil for what is no state, or of another version.
  init?(decoding bytes: [UInt8]) {
    guard let json = try? JSONValue(parsing: bytes.span),  // Damaged is as good as none.
      json["version"]?.integer == Self.version, let target = json["target"]?.string,
      let entries = json["inputs"]?.array
    else { return nil }
    self.init(target: target, project: json["project"]?.string, inputs: [])
    for entry in entries {
      guard let path = entry["path"]?.string, let head = entry["head"]?.string,
        let inode = entry["inode"]?.string.flatMap({ UInt64($0) }),
        let size = entry["size"]?.integer, let read = entry["bytes"]?.integer,
        let lines = entry["lines"]?.integer, size >= 0, read >= 0, lines >= 0
      else { return nil }
      inputs.append(
        Input(
          path: path, inode: inode, size: Int(size), head: head,
          place: ImportLedger.Place(bytes: Int(read), lines: Int(lines))))
    }
  }

  init(target: String, project: String?, inputs: [Input]) {
    self.target = target
    self.project = project
    self.inputs = inputs
  }
}
