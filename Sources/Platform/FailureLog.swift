/// When a disk has failed to write, kept over restarts: a program that ends at a failed write and is
/// started again must know that it was, and how often (RELIABILITY S6). A value that decides and does
/// nothing; whoever owns it keeps its bytes in a small file that was made while the disk still worked.
///
/// The bytes are slots of 16, written in turn, so that a torn write costs one of them:
///
///   wall   i64   when it was, milliseconds
///   check  u32   CRC-32C of the eight bytes above
///   zeros  to 16
///
/// A slot of zeros, or one whose check does not hold, is empty.
package struct FailureLog: Equatable, Sendable {
  package static let slotSize = 16
  package static let slots = 8
  package static let size = slotSize * slots
  /// So many within so long, and the program takes in nothing more.
  package static let limit = 3
  package static let span: Duration = .seconds(600)

  /// The empty file, to be written before it is needed.
  package static var emptyBytes: [UInt8] { [UInt8](repeating: 0, count: size) }

  private var times: [Int64?]

  /// Reads a file; what is missing of it is empty.
  package init(_ bytes: [UInt8] = []) {
    times = (0..<Self.slots).map { Self.time(bytes.dropFirst($0 * Self.slotSize)) }
  }

  /// Notes a failure, in the place of the oldest: what to write, and where.
  package mutating func note(at wall: Int64) -> (bytes: [UInt8], offset: Int) {
    let slot =
      times.firstIndex { $0 == nil }
      ?? times.indices.min { (times[$0] ?? 0) < (times[$1] ?? 0) } ?? 0
    times[slot] = wall
    var writer = ByteWriter(capacity: Self.slotSize)
    writer.append(littleEndian: wall)
    writer.append(littleEndian: crc32c(writer.bytes.span))
    writer.append(repeatElement(0, count: Self.slotSize - writer.count))
    return (writer.bytes, slot * Self.slotSize)
  }

  /// Forgets everything, as after an end in good order; the file is then `emptyBytes`.
  package mutating func clear() { times = times.map { _ in nil } }

  package var isEmpty: Bool { times.allSatisfy { $0 == nil } }

  /// How long the program must not take anything in: nil where it may. A time that lies in the future
  /// was read from a clock that has been set since, and does not count.
  package func remaining(at wall: Int64) -> Duration? {
    let span = Self.span.wholeMilliseconds
    let recent = times.compactMap { time -> Int64? in
      guard let time else { return nil }
      let (age, overflow) = wall.subtractingReportingOverflow(time)
      return !overflow && (0..<span).contains(age) ? time : nil
    }.sorted()
    guard recent.count >= Self.limit, let last = recent.last else { return nil }
    return .milliseconds(span - (wall - last))
  }

  private static func time(_ slot: ArraySlice<UInt8>) -> Int64? {
    let bytes = Array(slot.prefix(slotSize))
    var reader = ByteReader()
    do throws(ByteReader.Problem) {
      let time = try reader.integer(Int64.self, bytes.span)
      let check = crc32c(bytes.span.extracting(0..<8))
      return try reader.integer(UInt32.self, bytes.span) == check && time > 0 ? time : nil
    } catch { return nil }
  }
}
