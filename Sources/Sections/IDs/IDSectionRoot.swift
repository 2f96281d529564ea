package import Platform

// What of an id section stays in memory; integers are little-endian:
//
//   u32   version, 1
//   u32   ids
//   u64   mark of the mix that made the keys
//   u8    1 if there are gaps between ids and rows, else 0
//         page directory (PageDirectory.swift)
//         map of times (IDTimeMap.swift)
//   u64   oldest, u64 newest time of an id that the map covers; absent if the map is empty

/// The small part of an id section, about 0.01 bytes an id.
package struct IDSectionRoot: Sendable, Equatable {
  package static let version: UInt32 = 1

  package let count: Int
  let mark: UInt64
  let hasGaps: Bool
  let directory: PageDirectory
  let timeMap: IDTimeMap
  /// The times of the ids that are looked for here, which strays are not; nil without any.
  package let times: ClosedRange<Int64>?

  init(
    count: Int, mark: UInt64, hasGaps: Bool, directory: PageDirectory, timeMap: IDTimeMap,
    times: ClosedRange<Int64>?
  ) {
    self.count = count
    self.mark = mark
    self.hasGaps = hasGaps
    self.directory = directory
    self.timeMap = timeMap
    self.times = times
  }

  package init(decoding bytes: Span<UInt8>) throws(SectionProblem) {
    var reader = ByteReader()
    let version: UInt32
    let pagesAtMost: Int
    do {
      version = try reader.integer(UInt32.self, bytes)
      count = Int(try reader.integer(UInt32.self, bytes))
      mark = try reader.integer(UInt64.self, bytes)
      let gaps = try reader.byte(bytes)
      guard gaps <= 1 else { throw SectionProblem.badRoot(at: reader.position - 1) }
      hasGaps = gaps == 1
      pagesAtMost = count
    } catch {
      throw .badRoot(at: reader.position)
    }
    guard version == Self.version else { throw .unknownVersion(version) }
    directory = try PageDirectory(from: &reader, bytes, atMost: pagesAtMost)
    guard directory.firsts.isEmpty == (count == 0) else { throw .badRoot(at: reader.position) }
    timeMap = try IDTimeMap(from: &reader, bytes)
    do {
      if timeMap.words.isEmpty {
        times = nil
      } else {
        let oldest = try reader.integer(UInt64.self, bytes)
        let newest = try reader.integer(UInt64.self, bytes)
        guard oldest <= newest, newest >> 48 == 0 else {
          throw SectionProblem.badRoot(at: reader.position)
        }
        times = Int64(oldest)...Int64(newest)
      }
    } catch {
      throw .badRoot(at: reader.position)
    }
    guard reader.isAtEnd(of: bytes) else { throw .badRoot(at: reader.position) }
  }

  package func append(to writer: inout ByteWriter) {
    writer.append(littleEndian: Self.version)
    writer.append(littleEndian: UInt32(count))
    writer.append(littleEndian: mark)
    writer.append(hasGaps ? 1 : 0)
    directory.append(to: &writer)
    timeMap.append(to: &writer)
    guard let times, !timeMap.words.isEmpty else { return }
    writer.append(littleEndian: UInt64(times.lowerBound))
    writer.append(littleEndian: UInt64(times.upperBound))
  }

  /// Bytes that this takes in memory.
  package var residentByteCount: Int {
    MemoryLayout<Self>.size + directory.firsts.count * 4 + timeMap.words.count * 8
  }
}
