import Compression
package import Platform
package import Sections

/// A pack that was opened: its index was read and found right. Its sections read their extents as they
/// are asked for, through a cache that all packs share.
package final class Pack: Sendable {
  package let header: PackIndex.Header
  package let index: PackIndex
  package let path: String
  let file: any DiskFile
  private let cache: ExtentCache
  /// Where the extents and directories end, and the index begins.
  let contentEnd: Int

  package static func name(_ number: UInt64) -> String { "\(number).pack" }
  static func temporaryName(_ number: UInt64) -> String { "\(number).pack.tmp" }

  /// The number in the name of a pack; nil for other files, also for those whose names are nearly one.
  static func number(ofName name: String) -> UInt64? {
    guard name.hasSuffix(".pack"), let number = UInt64(name.dropLast(5)),
      number <= PackIndex.mostNumber, Self.name(number) == name
    else { return nil }
    return number
  }

  package init(
    _ path: String, cache: ExtentCache, on disk: any Disk = SystemDisk()
  ) throws(PackProblem) {
    self.path = path
    self.cache = cache
    do {
      file = try disk.open(path, for: .reading)
      let size = try file.size
      guard size >= PackIndex.headerBytes + PackIndex.footerBytes else {
        throw PackProblem.damaged("\(size) bytes are no pack")
      }
      header = try PackIndex.Header(decoding: try file.read(PackIndex.headerBytes, at: 0))
      let footer = try Footer(
        decoding: try file.read(PackIndex.footerBytes, at: size - PackIndex.footerBytes),
        size: size, header: header)
      let bytes = try file.read(footer.index.count, at: footer.index.offset)
      guard crc32c(bytes.span) == footer.index.checksum else {
        throw PackProblem.damaged("the checksum of its index")
      }
      index = try PackIndex(decoding: bytes, limit: footer.index.offset)
      guard index.isPossible(in: header.number) else {
        throw PackProblem.damaged("what it says of itself and of other packs")
      }
      contentEnd = footer.index.offset
    } catch {
      if let error = error as? SystemError { throw .system(error) }
      throw error as? PackProblem ?? .damaged("\(error)")
    }
  }

  /// Opens a section of the index. What is read of it goes through `cache`, or else the one that all
  /// questions share.
  package func section(
    _ number: Int, through cache: ExtentCache? = nil
  ) throws(SectionProblem) -> Section {
    let place = index.sections[number]
    let directory = try SectionDirectory(decoding: try read(place.directory))
    guard directory.project == place.project, directory.window == place.window,
      directory.rowCount == place.rowCount
    else { throw .directory("it is not what the index says") }
    // 1,024 times are 13 bytes at least: no count makes room that the file does not account for.
    let bytes = place.isPacked ? PackWriter.packedBytes * 2 : place.byteCount
    guard directory.rowCount / Section.blockRows <= bytes / 13 else {
      throw .directory("more rows than bytes")
    }
    return try Section(
      directory,
      source: PackedSection(pack: self, number: number, section: place, cache: cache ?? self.cache))
  }

  /// What fails is read a second time, from the disk itself: whoever finds a section damaged sets it
  /// aside for ever, and a read may fail for a moment, or what the kernel keeps may be wrong.
  func read(_ stretch: PackIndex.Stretch) throws(SectionProblem) -> [UInt8] {
    do throws(SectionProblem) { return try readOnce(stretch) } catch {
      file.forgetCached(stretch.count, at: stretch.offset)
      return try readOnce(stretch)
    }
  }

  private func readOnce(_ stretch: PackIndex.Stretch) throws(SectionProblem) -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try file.read(stretch.count, at: stretch.offset) } catch {
      throw .unreadable(extent: stretch.offset)
    }
    guard bytes.count == stretch.count, crc32c(bytes.span) == stretch.checksum else {
      throw .damaged(extent: stretch.offset)
    }
    return bytes
  }

  fileprivate func extent(
    _ number: Int, ofSection section: Int, _ place: PackIndex.Section, _ cache: ExtentCache
  ) throws(SectionProblem) -> Extent {
    guard place.extents.indices.contains(number) else {
      throw .unreadable(extent: number)
    }
    let key = ExtentCache.Key(pack: header.number, section: section, extent: number)
    if let extent = cache[key] { return extent }
    let bytes = try read(place.extents[number])
    let extent = Extent(bytes.span)
    cache[key] = extent
    return extent
  }

  /// What a plan of merges has to know of it.
  var facts: PackFacts {
    let arrival = index.merged?.arrival ?? header.number...header.number
    return PackFacts(
      number: header.number, arrival: arrival, level: index.merged?.level ?? 0,
      shares: index.sections.map {
        PackFacts.Share(
          ShareKey($0.project, $0.window), rows: $0.rowCount, bytes: $0.byteCount)
      })
  }

  /// A small section as extents in memory: as one frame it would be unpacked for each of them.
  func extents(ofPacked number: Int) throws(SectionProblem) -> [Extent] {
    try unpacked(section: number, index.sections[number], ExtentCache(maximumBytes: 0))
  }

  /// All extents of a section that is one frame.
  fileprivate func unpacked(
    section: Int, _ place: PackIndex.Section, _ cache: ExtentCache
  ) throws(SectionProblem) -> [Extent] {
    let frame = try extent(0, ofSection: section, place, cache)
    do {
      return try frame.withBytes { bytes in
        var reader = ByteReader()
        let size = Int(try reader.integer(UInt32.self, bytes))
        let plain = try ZstdDecompressor().decompress(
          bytes.extracting(droppingFirst: reader.position), exactSize: size,
          limit: PackWriter.packedBytes * 2)
        var extents: [Extent] = []
        let span = plain.span
        reader = ByteReader()
        while !reader.isAtEnd(of: span) {
          let count = try reader.length(span)
          let range = try reader.range(of: count, span)
          extents.append(Extent(span.extracting(range)))
        }
        return extents
      }
    } catch { throw .damaged(extent: 0) }
  }
}

/// The extents of one section of a pack.
private final class PackedSection: ExtentSource {
  private let pack: Pack
  private let number: Int
  private let section: PackIndex.Section
  private let cache: ExtentCache

  init(pack: Pack, number: Int, section: PackIndex.Section, cache: ExtentCache) {
    self.cache = cache
    self.pack = pack
    self.number = number
    self.section = section
  }

  func extent(_ extent: Int) throws(SectionProblem) -> Extent {
    guard section.isPacked else {
      return try pack.extent(extent, ofSection: number, section, cache)
    }
    let extents = try pack.unpacked(section: number, section, cache)
    guard extents.indices.contains(extent) else { throw .unreadable(extent: extent) }
    return extents[extent]
  }
}

/// The last bytes of a pack.
private struct Footer {
  let index: PackIndex.Stretch

  init(
    decoding bytes: [UInt8], size: Int, header: PackIndex.Header
  ) throws(PackProblem) {
    do throws(ByteReader.Problem) {
      let span = bytes.span
      var reader = ByteReader()
      let offset = try reader.integer(UInt64.self, span)
      let count = try reader.integer(UInt32.self, span)
      let checksum = try reader.integer(UInt32.self, span)
      let head = try reader.range(of: 24, span)
      let covered = header.checksum(ofEnd: Array(bytes[..<reader.position]))
      guard try reader.integer(UInt32.self, span) == covered,
        try reader.integer(UInt32.self, span) == PackIndex.lastMagic,
        Array(bytes[head]) == Array(header.bytes[..<24]),
        offset >= PackIndex.headerBytes, offset <= UInt64(size - PackIndex.footerBytes),
        Int(offset) + Int(count) == size - PackIndex.footerBytes
      else { throw .truncated(at: 0) }
      index = PackIndex.Stretch(offset: Int(offset), count: Int(count), checksum: checksum)
    } catch { throw .damaged("its end: \(error)") }
  }
}
