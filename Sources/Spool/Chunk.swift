import Platform

// A chunk is what one group commit keeps of one project: the payload of one row, which describes
// itself, so that it can be read when everything around it is damaged. All integers little-endian.
//
//   magic     u32   "TCK1"
//   count     u32   events
//   first     i64   position of the first event in its project
//   received  i64   wall clock at the commit, milliseconds
//   size      u32   bytes of all frames
//   project   u8 length, UTF-8
//   check     u32   CRC-32C of everything above
//   frames    count × { check u32: CRC-32C of what follows, length u32, record }
//   index     count × length u32, then check u32: CRC-32C of the lengths
//
// The lengths stand twice on purpose: whichever of the two a flipped bit hits, the frames behind it
// are still found, and one flipped bit costs at most one event.

/// The facts at the head of a chunk.
package struct ChunkHeader: Equatable, Sendable {
  package static let magic: UInt32 = 0x314B_4354
  package static let fixedSize = 4 + 4 + 8 + 8 + 4 + 1 + 4
  static let frameOverhead = 8

  package let count: Int
  package let first: Int64
  package let received: Int64
  package let project: String
  /// Where the frames lie in the payload, and behind them the index.
  let frames: Range<Int>

  var index: Range<Int> { frames.upperBound..<(frames.upperBound + 4 * count + 4) }

  /// Reads and checks the head; nil where it is damaged or the payload has another length.
  init?(_ payload: Span<UInt8>) {
    var reader = ByteReader()
    do throws(ByteReader.Problem) {
      guard try reader.integer(UInt32.self, payload) == Self.magic else { return nil }
      count = Int(try reader.integer(UInt32.self, payload))
      first = try reader.integer(Int64.self, payload)
      received = try reader.integer(Int64.self, payload)
      let size = Int(try reader.integer(UInt32.self, payload))
      let name = try reader.range(of: Int(reader.byte(payload)), payload)
      guard let project = String(validating: payload.extracting(name)) else { return nil }
      self.project = project
      let check = crc32c(payload.extracting(0..<reader.position))
      guard try reader.integer(UInt32.self, payload) == check else { return nil }
      frames = reader.position..<(reader.position + size)
      guard count > 0, frames.upperBound + 4 * count + 4 == payload.count else { return nil }
    } catch { return nil }
  }
}

/// Builds chunk after chunk in one buffer, which is as large as the largest chunk so far.
struct ChunkBuilder {
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  private var lengths: [UInt32] = []
  private var framesStart = 0
  private var framesEnd = 0
  private(set) var size = 0

  var count: Int { lengths.count }
  /// Bytes of the records alone.
  var recordBytes: Int { framesEnd - framesStart - count * ChunkHeader.frameOverhead }

  mutating func begin(project: String, first: Int64, received: Int64) {
    size = 0
    lengths.removeAll(keepingCapacity: true)
    let name = project.utf8
    precondition(name.count <= 255, "a project's name has at most 255 bytes")
    grow(to: ChunkHeader.fixedSize + name.count)
    put(ChunkHeader.magic)
    put(UInt32(0))  // The count and the size are patched by `finish`.
    put(UInt64(bitPattern: first))
    put(UInt64(bitPattern: received))
    put(UInt32(0))
    buffer[size] = UInt8(name.count)
    size += 1
    for byte in name {
      buffer[size] = byte
      size += 1
    }
    size += 4
    framesStart = size
    framesEnd = size
  }

  mutating func append(_ record: Span<UInt8>) {
    let start = size
    grow(to: start + ChunkHeader.frameOverhead + record.count)
    lengths.append(UInt32(record.count))
    size = start + 4
    put(UInt32(record.count))
    // SAFETY: `grow` made room for the record behind `size`.
    unsafe buffer.withUnsafeMutableBytes { buffer in
      unsafe record.withUnsafeBytes { record in
        guard let source = record.baseAddress else { return }
        unsafe (buffer.baseAddress! + size).copyMemory(from: source, byteCount: record.count)
      }
    }
    size += record.count
    framesEnd = size
    put(crc32c(buffer.span.extracting((start + 4)..<size)), at: start)
  }

  /// Completes the payload, which stays until the next `begin`.
  mutating func finish() {
    precondition(count > 0, "a chunk has events")
    put(UInt32(count), at: 4)
    put(UInt32(size - framesStart), at: 24)
    put(crc32c(buffer.span.extracting(0..<(framesStart - 4))), at: framesStart - 4)
    let start = size
    grow(to: start + 4 * count + 4)
    for length in lengths { put(length) }
    put(crc32c(buffer.span.extracting(start..<size)))
  }

  func withPayload<R, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> R
  ) throws(Failure) -> R {
    try body(buffer.span.extracting(0..<size))
  }

  private mutating func grow(to size: Int) {
    guard size > buffer.count else { return }
    buffer.append(contentsOf: repeatElement(0, count: max(size, 2 * buffer.count) - buffer.count))
  }

  @inline(__always)
  private mutating func put<Integer: FixedWidthInteger>(_ value: Integer) {
    put(value, at: size)
    size += Integer.bitWidth / 8
  }

  @inline(__always)
  private mutating func put<Integer: FixedWidthInteger>(_ value: Integer, at place: Int) {
    for byte in 0..<(Integer.bitWidth / 8) {
      buffer[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte))
    }
  }
}
