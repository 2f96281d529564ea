import Events
import HTTP
package import JSON

/// What the operator's commands ask of a running aggregator about backups, over the control socket.
struct BackupRoutes: Sendable {
  let backups: Backups

  func mount(on router: inout Router) {
    router.add(.post, "/backups") { request in begin(request) }
    router.add(.get, "/backups") { _ in .json(status) }
  }

  private func begin(_ request: Request) -> Response {
    guard let path = request.head.query("to") ?? backups.schedule.to, path.hasPrefix("/") else {
      return .problem(
        .badRequest, "no_target", "Name a folder with --to, or set backup.to.")
    }
    let keep = request.head.query("keep")
    guard keep == nil || keep.flatMap(Int.init).map({ $0 > 0 }) == true else {
      return .problem(.badRequest, "bad_keep", "The number of backups to keep is 1 at least.")
    }
    guard let number = backups.begin(to: path, keep: keep.flatMap(Int.init)) else {
      return .problem(.conflict, "running", "A backup is being made already.")
    }
    var json = JSONWriter(capacity: 64)
    json.beginObject()
    json.key("number")
    json.integer(number)
    json.endObject()
    return .json(json.bytes)
  }

  /// The number of the last one that was begun, and what became of it.
  private var status: [UInt8] {
    let state = backups.board.current
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.key("number")
    json.integer(state.number)
    json.key("running")
    json.bool(state.isRunning)
    switch state.outcome {
    case .success(let good)?:
      json.key("made")
      BackupAnswer(
        manifest: good.manifest, folder: good.path ?? "", copied: good.copied
      ).write(to: &json)
    case .failure(let problem)?:
      json.key("problem")
      json.beginObject()
      json.key("code")
      json.string(problem.code)
      json.key("message")
      json.string(problem.sentence)
      json.endObject()
    case nil: break
    }
    json.endObject()
    return json.bytes
  }
}

/// What a command prints about a backup with `--json`.
package struct BackupAnswer {
  package let manifest: BackupManifest
  /// Of backups.
  package let folder: String
  package var copied: Int?

  package init(manifest: BackupManifest, folder: String, copied: Int? = nil) {
    self.manifest = manifest
    self.folder = folder
    self.copied = copied
  }

  package func write(
    to json: inout JSONWriter, more: (inout JSONWriter) -> Void = { _ in }
  ) {
    json.beginObject()
    json.key("folder")
    json.string(folder)
    manifest.writeFacts(to: &json)
    json.key("bytes")
    json.integer(manifest.byteCount)
    json.key("packs")
    json.integer(manifest.packs.count)
    if let copied {
      json.key("copied_bytes")
      json.integer(copied)
    }
    more(&json)
    json.endObject()
  }
}
