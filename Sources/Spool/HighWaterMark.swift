import Platform

/// How far the log had come, written down outside of it: one flipped bit in a WAL silently drops every
/// later transaction, and only somebody who remembers a larger number can tell.
///
/// The file has two slots of 512 bytes, written in turn, so that a torn write leaves the other:
///
///   magic   u64   "TRBSMARK"
///   epoch   16 bytes
///   commit  i64   number of the last commit over all projects
///   wall    i64   when it was written, milliseconds
///   check   u32   CRC-32C of everything above
///   zeros   to 512
struct HighWaterMark: Equatable, Sendable {
  static let slotSize = 512
  private static let magic: UInt64 = 0x4B52_414D_5342_5254

  var epoch: Epoch
  var commit: Int64
  var wallMilliseconds: Int64

  var slot: [UInt8] {
    var writer = ByteWriter(capacity: Self.slotSize)
    writer.append(littleEndian: Self.magic)
    writer.append(epoch.bytes)
    writer.append(littleEndian: commit)
    writer.append(littleEndian: wallMilliseconds)
    writer.append(littleEndian: crc32c(writer.bytes.span))
    writer.append(repeatElement(0, count: Self.slotSize - writer.count))
    return writer.bytes
  }

  init(epoch: Epoch, commit: Int64, wallMilliseconds: Int64) {
    self.epoch = epoch
    self.commit = commit
    self.wallMilliseconds = wallMilliseconds
  }

  /// Reads a slot; nil where it is torn or damaged.
  init?(slot: [UInt8]) {
    var reader = ByteReader()
    let bytes = slot.span
    do throws(ByteReader.Problem) {
      guard try reader.integer(UInt64.self, bytes) == Self.magic else { return nil }
      let name = try reader.range(of: 16, bytes)
      commit = try reader.integer(Int64.self, bytes)
      wallMilliseconds = try reader.integer(Int64.self, bytes)
      let check = crc32c(bytes.extracting(0..<reader.position))
      guard try reader.integer(UInt32.self, bytes) == check,
        let epoch = Epoch(bytes: Array(slot[name]))
      else { return nil }
      self.epoch = epoch
    } catch { return nil }
  }
}

/// The two slots: which mark holds, and where the next one goes.
struct HighWaterSlots: Equatable, Sendable {
  enum Finding: Equatable, Sendable {
    /// No mark was ever written.
    case none
    /// The newest mark that can be read; a torn slot beside it is what a crash leaves.
    case mark(HighWaterMark)
    /// There is a file, and no mark in it can be read.
    case unreadable
  }

  let finding: Finding
  private(set) var nextSlot: Int

  init(file: [UInt8]) {
    let slots = [0, 1].map { number in
      let start = number * HighWaterMark.slotSize
      let end = min(file.count, start + HighWaterMark.slotSize)
      return start < end ? HighWaterMark(slot: Array(file[start..<end])) : nil
    }
    switch (slots[0], slots[1]) {
    case (nil, nil):
      finding = file.isEmpty ? .none : .unreadable
      nextSlot = 0
    case (let mark?, nil):
      finding = .mark(mark)
      nextSlot = 1
    case (nil, let mark?):
      finding = .mark(mark)
      nextSlot = 0
    case (let first?, let second?):
      finding = .mark(first.commit >= second.commit ? first : second)
      nextSlot = first.commit >= second.commit ? 1 : 0
    }
  }

  /// The place of the next mark in the file; the one after it goes to the other slot.
  mutating func takeOffset() -> Int {
    defer { nextSlot = 1 - nextSlot }
    return nextSlot * HighWaterMark.slotSize
  }
}
