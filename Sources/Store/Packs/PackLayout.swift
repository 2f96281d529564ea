package import Batches
package import Events
package import Sections

// A pack: one file that is written once, synced, renamed into its place, and then named by the
// catalogue. Integers of a fixed width are little-endian, the others varints; texts are a varint of
// their length and UTF-8.
//
//     0  "TRPK"  u16 version = 2  u16 0
//     8  store, 16 bytes
//    24  u64 number: never used for another file of this store
//    32  u64 generation of the catalogue that it was made from
//    40  extents of all sections, back to back
//        directories of all sections, back to back
//        index
//  last  u64 place of the index, u32 its length, u32 its CRC-32C, the first 24 bytes of the file,
//        u32 CRC-32C of these 40 bytes and of bytes 24 to 39 of the file, "KPRT"
//
// Version 1 has the CRC of the 40 bytes alone: nothing tells that its generation is as it was written.
//
//   index     sealed: count × (project, number: its batches up to this one have their rows in here)
//             replaced: count × number of a file whose rows are all in here
//             secrets: count × (project, 16 bytes: the key of its people's hashes)
//             sections: count × (project, window zigzag, rows, first and last time of an id zigzag, u8 1 if
//             packed, place and CRC-32C of the directory, first extent's offset,
//             count × (length, u32 CRC-32C))
//             merged, absent where it was not: how often its rows were merged, the first and the last
//             seal whose rows it has, companions: count × number of a file that the same merge wrote
//
// A packed section has one extent: u32 size, and a zstd frame of that many bytes: its extents, each
// behind its length.

/// What a pack says about itself, so that the catalogue can be made again from the packs alone.
package struct PackIndex: Equatable, Sendable {
  package struct Header: Equatable, Sendable {
    package let store: StoreID
    package let number: UInt64
    package let generation: UInt64
    package var version = PackIndex.version

    package init(store: StoreID, number: UInt64, generation: UInt64) {
      self.store = store
      self.number = number
      self.generation = generation
    }
  }

  package struct Section: Equatable, Sendable {
    package let project: ProjectID
    package let window: Window
    package let rowCount: Int
    package let idTimes: ClosedRange<Int64>
    package let isPacked: Bool
    package let directory: Stretch
    package let extents: [Stretch]

    /// What the section takes in the file.
    package var byteCount: Int { extents.reduce(directory.count) { $0 + $1.count } }
  }

  /// Bytes of the file, and their checksum.
  package struct Stretch: Equatable, Sendable {
    package let offset: Int
    package let count: Int
    package let checksum: UInt32

    package var end: Int { offset + count }
  }

  /// The last batch of each project whose rows, with those of all before, were sealed into this pack.
  package var sealed: [ProjectID: Int64] = [:]
  package var replaced: [UInt64] = []
  package var secrets: [ProjectID: [UInt8]] = [:]
  package var sections: [Section] = []
  /// Nil for what a seal has written.
  package var merged: Merged?

  /// How a merge came to write the pack.
  package struct Merged: Equatable, Sendable {
    /// How often its rows were merged.
    package let level: Int
    /// The first and the last seal whose rows it has.
    package let arrival: ClosedRange<UInt64>
    /// The packs that replace the same ones together with this one, itself among them.
    package let companions: [UInt64]
  }

  static let version: UInt16 = 2
  static let knownVersions: ClosedRange<UInt16> = 1...2
  static let magic: UInt32 = 0x4B50_5254  // "TRPK"
  static let lastMagic: UInt32 = 0x5452_504B  // "KPRT"
  /// Numbers and generations that a store comes to, with room to count on.
  static let mostNumber: UInt64 = 1 << 62
  static let headerBytes = 40
  static let footerBytes = 48
}
