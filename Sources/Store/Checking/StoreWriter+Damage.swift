import Platform
import SQLite
import Sections

// What turns out to be damaged while the store runs.
extension StoreWriter {
  /// Remembers sections that cannot be read, whoever found it: they are in no later answer, and their
  /// ids count for nothing.
  func setAside(damaged sections: [SealedSection]) throws(StoreError) {
    for project in Set(sections.map(\.place.project)) { hot.existing(project)?.forgetSnapshot() }
    if hasFailed { throw .stopped }
    try writing { () throws(SQLiteError) in try file.setAside(sections) }
  }

  private static let scrubKey = "scrub"

  /// Where the walk of an earlier run was.
  func scrubPosition() -> ScrubPosition {
    // Without it the walk begins at the first section.
    guard !hasFailed, let bytes = try? file.meta(Self.scrubKey) else { return ScrubPosition() }
    let span = bytes.span
    var reader = ByteReader()
    guard let pack = try? reader.varint(span), let section = try? reader.varint(span) else {
      return ScrubPosition()
    }
    return ScrubPosition(pack: pack, section: Int(clamping: section))
  }

  func save(_ position: ScrubPosition) {
    if hasFailed { return }
    var writer = ByteWriter()
    writer.append(varint: position.pack)
    writer.append(varint: UInt64(position.section))
    // Lost, it costs a walk from the beginning.
    _ = try? file.setMeta(Self.scrubKey, writer.bytes)
  }
}
