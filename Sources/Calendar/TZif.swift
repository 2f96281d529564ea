/// Reads the files in which systems keep time zones (RFC 9636). All numbers have their highest byte
/// first.
///
///     header, 44 bytes
///       0   "TZif"
///       4   version: 0, or "2", "3", "4" as text
///       5   15 bytes that mean nothing
///       20  six counts of 4 bytes: isut, isstd, leap, time, type, char
///     data, where a time T has 4 bytes
///       time × T      instants of changes in seconds since 1970, ascending
///       time × 1      which type of local time begins then
///       type × 6      types: offset in seconds (4, signed), summer or not (1), name (1)
///       char × 1      names
///       leap × (T + 4), isstd × 1, isut × 1
///     and from version 2 on, which is what counts then
///       a second header, and data in which T has 8 bytes
///       newline, the rule behind the last change (see `FooterRule`), newline
///
/// Of what is not used here (names, summer, standard) only the places are checked. Leap seconds are
/// refused, as instants have none.
package enum TZif {
  package enum Problem: Error, Equatable {
    case notAZone
    case unknownVersion(UInt8)
    case truncated(at: Int)
    case tooLarge(byteCount: Int)
    /// A number that its place does not allow.
    case invalid(at: Int)
    case countsLeapSeconds
    case invalidRule(at: Int)
  }

  /// The largest of today has 4 KB.
  package static let maximumByteCount = 65_536

  static func rules(_ bytes: Span<UInt8>) throws(Problem) -> ZoneRules {
    guard bytes.count <= maximumByteCount else { throw .tooLarge(byteCount: bytes.count) }
    let first = try TZifHeader(bytes, at: 0)
    guard first.version != 0 else { return try first.rules(bytes, widthOfTime: 4, behind: nil) }
    let second = try TZifHeader(bytes, at: first.end(widthOfTime: 4))
    let footer = second.end(widthOfTime: 8)
    return try second.rules(bytes, widthOfTime: 8, behind: rule(bytes, at: footer))
  }

  /// Nil where the file says nothing about the time behind its last change.
  private static func rule(_ bytes: Span<UInt8>, at start: Int) throws(Problem) -> FooterRule? {
    let newline = UInt8(ascii: "\n")
    guard start < bytes.count else { throw .truncated(at: bytes.count) }
    guard bytes[start] == newline else { throw .invalid(at: start) }
    var end = start + 1
    while end < bytes.count, bytes[end] != newline { end += 1 }
    guard end < bytes.count else { throw .truncated(at: end) }
    guard end == bytes.count - 1 else { throw .invalid(at: end + 1) }
    guard end > start + 1 else { return nil }
    guard let rule = FooterRule(bytes.extracting((start + 1)..<end)) else {
      throw .invalidRule(at: start + 1)
    }
    return rule
  }
}

/// A header, and with it the places of everything in its data.
private struct TZifHeader {
  static let byteCount = 44

  let version: UInt8
  private let data: Int
  private let isutCount: Int
  private let isstdCount: Int
  private let leapCount: Int
  private let timeCount: Int
  private let typeCount: Int
  private let nameByteCount: Int

  init(_ bytes: Span<UInt8>, at start: Int) throws(TZif.Problem) {
    guard bytes.count - start >= Self.byteCount else { throw .truncated(at: bytes.count) }
    for (index, letter) in "TZif".utf8.enumerated() where bytes[start + index] != letter {
      throw .notAZone
    }
    version = bytes[start + 4]
    guard version == 0 || (UInt8(ascii: "2")...UInt8(ascii: "4")).contains(version) else {
      throw .unknownVersion(version)
    }
    var counts: [Int] = []
    for place in stride(from: start + 20, to: start + Self.byteCount, by: 4) {
      let count = Int(UInt32(truncatingIfNeeded: bigEndian(4, bytes, at: place)))
      // More than there are bytes: too many before anything is multiplied.
      guard count <= bytes.count else { throw .truncated(at: bytes.count) }
      counts.append(count)
    }
    (isutCount, isstdCount, leapCount) = (counts[0], counts[1], counts[2])
    (timeCount, typeCount, nameByteCount) = (counts[3], counts[4], counts[5])
    data = start + Self.byteCount
  }

  /// Where what follows the data begins, which may be behind the bytes.
  func end(widthOfTime width: Int) -> Int {
    leaps(width) + leapCount * (width + 4) + isstdCount + isutCount
  }

  private func types(_ width: Int) -> Int { data + timeCount * (width + 1) }
  private func leaps(_ width: Int) -> Int { types(width) + typeCount * 6 + nameByteCount }

  func rules(
    _ bytes: Span<UInt8>, widthOfTime width: Int, behind rule: FooterRule?
  ) throws(TZif.Problem) -> ZoneRules {
    guard end(widthOfTime: width) <= bytes.count else { throw .truncated(at: bytes.count) }
    guard leapCount == 0 else { throw .countsLeapSeconds }
    guard typeCount > 0, nameByteCount > 0, isstdCount == 0 || isstdCount == typeCount,
      isutCount == 0 || isutCount == typeCount
    else { throw .invalid(at: data - Self.byteCount + 20) }
    let offsets = try offsets(bytes, width)
    var initial = offsets[0]
    var changes: [(instant: Int64, offset: Int64)] = []
    var last: Int64?
    for index in 0..<timeCount {
      let place = data + index * width
      let seconds = bigEndian(width, bytes, at: place)
      if let last, last >= seconds { throw .invalid(at: place) }
      last = seconds
      let type = Int(bytes[data + timeCount * width + index])
      guard type < typeCount else { throw .invalid(at: data + timeCount * width + index) }
      // A change before all instants is how they begin; one behind them never comes.
      if let instant = Instant(seconds: seconds) {
        changes.append((instant.milliseconds, offsets[type]))
      } else if seconds < 0 {
        initial = offsets[type]
      }
    }
    return ZoneRules(initialOffset: initial, changes: changes, behind: rule)
  }

  private func offsets(_ bytes: Span<UInt8>, _ width: Int) throws(TZif.Problem) -> [Int64] {
    var offsets: [Int64] = []
    for index in 0..<typeCount {
      let place = types(width) + index * 6
      let offset = bigEndian(4, bytes, at: place) * .millisecondsPerSecond
      guard offset.magnitude < ZoneRules.largestOffset, bytes[place + 4] <= 1,
        bytes[place + 5] < nameByteCount
      else { throw .invalid(at: place) }
      offsets.append(offset)
    }
    return offsets
  }
}

/// A signed number of 4 or 8 bytes.
private func bigEndian(_ width: Int, _ bytes: Span<UInt8>, at place: Int) -> Int64 {
  var value: UInt64 = 0
  for index in 0..<width { value = value << 8 | UInt64(bytes[place + index]) }
  return width == 4
    ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
}
