import Platform
import Testing

@testable import Calendar

/// Zones of a fixed edition of the IANA database, and what tests ask of them.
enum Fixtures {
  static let folder =
    "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/") + "/Fixtures"

  static let slim = ZoneFiles(Directory(folder + "/slim"))
  static let fat = ZoneFiles(Directory(folder + "/fat"))

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try File(folder + "/" + path, for: .reading)
    return try file.read(file.size, at: 0)
  }

  static let names = [
    "Africa/Cairo", "Africa/Casablanca", "Africa/Monrovia", "America/Argentina/Ushuaia",
    "America/Goose_Bay", "America/Los_Angeles", "America/Moncton", "America/Nuuk",
    "America/Sao_Paulo", "America/St_Johns", "Antarctica/Casey", "Antarctica/Troll", "Asia/Gaza",
    "Asia/Hebron", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Tehran", "Australia/Lord_Howe",
    "Europe/Berlin", "Europe/Dublin", "Pacific/Apia", "Pacific/Guam", "Pacific/Kiritimati",
    "Pacific/Kwajalein", "US/Pacific", "Etc/GMT+12",
  ]
}

func zone(_ name: String) throws -> Zone { try Fixtures.slim.zone(named: name) }

/// The range of a question with these two bounds.
func question(_ from: String, _ to: String, in zone: Zone) throws -> Range<Instant> {
  func bound(_ text: String) throws -> TimeBound {
    let bytes = Array(text.utf8)
    let bound = TimeBound(bytes.span)
    return try #require(bound)
  }
  return try TimeRange.ofQuestion(from: bound(from), to: bound(to), now: .epoch, in: zone)
}

/// A file as RFC 9636 lays it out, from what it is to say.
struct ZoneFileModel {
  var version: UInt8 = UInt8(ascii: "2")
  var initial: Int32 = 0
  /// Seconds, and the offset from then on.
  var changes: [(at: Int64, offset: Int32)] = []
  var footer = ""
  var leapCount: UInt32 = 0

  var bytes: [UInt8] {
    if version == 0 { return block(width: 4) }
    // Whatever the first block says does not count.
    var empty = ZoneFileModel(version: version)
    empty.changes = [(77, 5400)]
    return empty.block(width: 4) + block(width: 8) + Array("\n\(footer)\n".utf8)
  }

  private func block(width: Int) -> [UInt8] {
    let types = [initial] + changes.map(\.offset)
    var bytes = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
    let counts = [
      UInt32(types.count), UInt32(types.count), leapCount, UInt32(changes.count),
      UInt32(types.count), 4,
    ]
    for count in counts { append(Int64(count), 4, to: &bytes) }
    for change in changes { append(change.at, width, to: &bytes) }
    for index in changes.indices { bytes.append(UInt8(index + 1)) }
    for offset in types {
      append(Int64(offset), 4, to: &bytes)
      bytes += [0, 0]
    }
    bytes += Array("XXX\0".utf8)
    for leap in 0..<Int(leapCount) {
      append(Int64(leap) * 100_000_000, width, to: &bytes)
      append(Int64(leap) + 1, 4, to: &bytes)
    }
    return bytes + [UInt8](repeating: 0, count: 2 * types.count)
  }

  private func append(_ value: Int64, _ width: Int, to bytes: inout [UInt8]) {
    for byte in (0..<width).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> Int64(8 * byte)))
    }
  }
}

extension Zone {
  init(_ file: ZoneFileModel) throws(TZif.Problem) {
    let bytes = file.bytes
    try self.init(name: "Test", file: bytes.span)
  }

  /// A zone that has nothing but a rule.
  init(rule: String) throws(TZif.Problem) {
    try self.init(ZoneFileModel(footer: rule))
  }

  var offsetsAreBounded: Bool {
    [Int64.min, -1, 0, 1 << 40, .max].allSatisfy {
      offsetMilliseconds(at: Instant(milliseconds: $0)).magnitude < 26 * 3_600_000
    }
  }
}
