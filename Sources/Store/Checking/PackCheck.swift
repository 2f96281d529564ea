import Compression
import Platform
import Sections

/// Looks at one pack as it lies on the disk: head, index and end, every extent's checksum, and what the
/// sections say. It opens the file anew and has a small cache of its own, so that it sees neither what
/// the program keeps nor what the kernel does.
struct PackCheck {
  let pack: Pack
  private let decompressor: ZstdDecompressor

  /// A section's columns are met one after another, and some of them share an extent.
  private static let cacheBytes = 8 << 20

  init(
    _ path: String, _ decompressor: ZstdDecompressor = ZstdDecompressor(),
    on disk: any Disk = SystemDisk()
  ) throws(PackProblem) {
    // What the kernel keeps of head, index and end is forgotten before they are read.
    do {
      try disk.open(path, for: .reading).forgetCached(0, at: 0)
    } catch { throw .system(error) }
    pack = try Pack(path, cache: ExtentCache(maximumBytes: Self.cacheBytes), on: disk)
    self.decompressor = decompressor
    try checkLayout()
  }

  /// Nothing lies between the parts of a pack: then each byte of it is under a checksum.
  private func checkLayout() throws(PackProblem) {
    var stretches = pack.index.sections.flatMap { $0.extents + [$0.directory] }
    stretches.sort { ($0.offset, $0.end) < ($1.offset, $1.end) }
    var end = PackIndex.headerBytes
    for stretch in stretches {
      guard stretch.offset == end else { throw .damaged("a gap at byte \(end)") }
      end = stretch.end
    }
    guard end == pack.contentEnd else { throw .damaged("a gap at byte \(end)") }
  }

  var sections: Range<Int> { pack.index.sections.indices }

  /// Throws the first thing that is wrong with a section.
  func check(_ number: Int) throws(SectionProblem) {
    let place = pack.index.sections[number]
    defer { forget(place) }
    forget(place)
    for extent in place.extents.indices {
      do { _ = try pack.read(place.extents[extent]) } catch {
        throw error == .unreadable(extent: place.extents[extent].offset)
          ? .unreadable(extent: extent) : .damaged(extent: extent)
      }
    }
    let section = try pack.section(number)
    guard let bytes = pack.index.secrets[place.project], let secret = ProjectSecret(bytes) else {
      throw .directory("the pack has no secret of its project")
    }
    guard section.directory.idTimes == place.idTimes else { throw .directory("times of ids") }
    try SectionCheck(section, of: secret, decompressor).run()
  }

  /// Before a look, so that it is one at the disk; and behind it, since nobody else has asked for this.
  private func forget(_ place: PackIndex.Section) {
    pack.file.forgetCached(place.directory.count, at: place.directory.offset)
    guard let first = place.extents.first, let last = place.extents.last else { return }
    pack.file.forgetCached(last.end - first.offset, at: first.offset)
  }
}
