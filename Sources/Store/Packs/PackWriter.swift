import Compression
import Events
import Platform
import Sections

/// Writes a pack, section after section, under a temporary name. What was written is on disk, and in
/// its place, when `finish` returns; before that the file is nobody's.
struct PackWriter: ~Copyable {
  let output: PackOutput
  private let folder: Directory
  private let disk: any Disk
  private let header: PackIndex.Header
  private var index = PackIndex()
  private var directories: [(section: Int, bytes: [UInt8])] = []
  private let compressor = ZstdCompressor()

  /// A section of this many bytes or fewer is one zstd frame: many small columns have much in common,
  /// and to read one of them is to read them all.
  static let packedBytes = 64 << 10

  init(
    _ header: PackIndex.Header, in folder: Directory, on disk: any Disk = SystemDisk()
  ) throws(PackProblem) {
    self.folder = folder
    self.disk = disk
    self.header = header
    do { output = PackOutput(try Self.open(header, in: folder, on: disk)) } catch {
      throw .system(error)
    }
  }

  private static func open(
    _ header: PackIndex.Header, in folder: Directory, on disk: any Disk
  ) throws(SystemError) -> any DiskFile {
    let file = try disk.open(folder.file(Pack.temporaryName(header.number)), for: .writing)
    try file.truncate(to: 0)
    let bytes = header.bytes
    try file.write(bytes.span, at: 0)
    return file
  }

  mutating func add(_ section: EncodedSection) throws(PackProblem) {
    let isPacked = section.byteCount <= Self.packedBytes && section.extents.count > 0
    var extents: [PackIndex.Stretch] = []
    if isPacked {
      var plain = ByteWriter(capacity: section.byteCount + 16)
      for extent in section.extents {
        plain.append(varint: UInt64(extent.byteCount))
        extent.withBytes { plain.append($0) }
      }
      let bytes = plain.bytes
      var packed = ByteWriter(capacity: bytes.count)
      packed.append(littleEndian: UInt32(bytes.count))
      packed.append(compressor.compress(bytes.span, level: 1))
      extents.append(try write(packed.bytes))
    } else {
      for extent in section.extents {
        extents.append(try extent.withBytes { bytes throws(PackProblem) in try write(bytes) })
      }
    }
    list(section.directory, extents, isPacked: isPacked)
  }

  private mutating func list(
    _ directory: SectionDirectory, _ extents: [PackIndex.Stretch], isPacked: Bool
  ) {
    directories.append((index.sections.count, directory.encoded))
    index.sections.append(
      PackIndex.Section(
        project: directory.project, window: directory.window, rowCount: directory.rowCount,
        idTimes: directory.idTimes, isPacked: isPacked,
        directory: PackIndex.Stretch(offset: 0, count: 0, checksum: 0),
        extents: extents))
  }

  /// A section whose extents went to `sink`, which was made for this pack.
  mutating func add(_ directory: SectionDirectory, from sink: PackSink) throws(PackProblem) {
    if let small = sink.kept {
      try add(EncodedSection(directory: directory, extents: small))
    } else {
      list(directory, sink.written, isPacked: false)
    }
  }

  /// A section of another pack as it is.
  mutating func copy(
    _ number: Int, of pack: Pack, _ throttle: Throttle
  ) throws(PackMergeProblem) {
    let place = pack.index.sections[number]
    var extents: [PackIndex.Stretch] = []
    do {
      for extent in place.extents {
        let bytes = try pack.read(extent)
        throttle.spend(bytes.count * 2)
        extents.append(try write(bytes))
      }
      directories.append((index.sections.count, try pack.read(place.directory)))
    } catch let problem as SectionProblem { throw .section(problem) } catch {
      throw .pack(error as? PackProblem ?? .damaged("\(error)"))
    }
    index.sections.append(
      PackIndex.Section(
        project: place.project, window: place.window, rowCount: place.rowCount,
        idTimes: place.idTimes, isPacked: place.isPacked, directory: place.directory,
        extents: extents))
  }

  /// Says how a merge came to write it.
  mutating func describe(_ merged: PackIndex.Merged) { index.merged = merged }

  var projects: Set<ProjectID> { Set(index.sections.map(\.project)) }

  private mutating func write(_ bytes: [UInt8]) throws(PackProblem) -> PackIndex.Stretch {
    try write(bytes.span)
  }

  private mutating func write(_ bytes: Span<UInt8>) throws(PackProblem) -> PackIndex.Stretch {
    try output.write(bytes)
  }

  /// Completes the file and renames it into its place; both are on disk when this returns.
  consuming func finish(
    sealed: [ProjectID: Int64], replaced: [UInt64], secrets: [ProjectID: [UInt8]]
  ) throws(PackProblem) -> PackIndex {
    let (folder, disk, number) = (folder, disk, header.number)
    let index = try complete(sealed: sealed, replaced: replaced, secrets: secrets)
    do { try Self.publish(number, in: folder, on: disk) } catch { throw .system(error) }
    return index
  }

  /// Gives a file that is complete its name, for good.
  static func publish(
    _ number: UInt64, in folder: Directory, on disk: any Disk
  ) throws(SystemError) {
    try disk.rename(
      folder.file(Pack.temporaryName(number)), to: folder.file(Pack.name(number)))
    try disk.synchronizeDirectory(folder.path)
  }

  /// Completes the file, which is on disk when this returns, and still nobody's.
  consuming func complete(
    sealed: [ProjectID: Int64], replaced: [UInt64], secrets: [ProjectID: [UInt8]]
  ) throws(PackProblem) -> PackIndex {
    for (section, bytes) in directories {
      let place = try write(bytes)
      let before = index.sections[section]
      index.sections[section] = PackIndex.Section(
        project: before.project, window: before.window, rowCount: before.rowCount,
        idTimes: before.idTimes, isPacked: before.isPacked, directory: place,
        extents: before.extents)
    }
    index.sealed = sealed
    index.replaced = replaced
    index.secrets = secrets
    let place = try write(index.encoded)
    var footer = ByteWriter(capacity: PackIndex.footerBytes)
    footer.append(littleEndian: UInt64(place.offset))
    footer.append(littleEndian: UInt32(place.count))
    footer.append(littleEndian: place.checksum)
    footer.append(header.bytes[..<24])
    footer.append(littleEndian: header.checksum(ofEnd: footer.bytes))
    footer.append(littleEndian: PackIndex.lastMagic)
    _ = try write(footer.bytes)
    try output.synchronize()
    return index
  }
}
