package import Platform
private import Synchronization

/// The system's time zones: a file for each, read once and kept. What the system learns about zones
/// later, a program knows after its next start.
///
/// Reading is a matter of microseconds, but of the disk: a zone is looked up where settings are
/// read or changed, not for every request. UTC needs no file.
package final class ZoneFiles: Sendable {
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// The folder is not there: the system's package of time zones is missing.
    case noFiles(directory: String)
    /// No zone has this name; `near` may be what was meant.
    case unknown(String, near: String?)
    case damaged(String, TZif.Problem)
    case system(SystemError)

    package var description: String {
      switch self {
      case .noFiles(let directory):
        """
        there are no time zones in \(directory): install the system's package tzdata, or name \
        their folder in the variable TZDIR
        """
      case .unknown(let name, let near?):
        "there is no time zone \"\(name)\"; is \"\(near)\" meant?"
      case .unknown(let name, nil):
        "there is no time zone \"\(name)\"; names are IANA's, such as Europe/Berlin"
      case .damaged(let name, let problem):
        "the system's file of the time zone \(name) cannot be used: \(problem)"
      case .system(let error): "the system's time zones cannot be read: \(error)"
      }
    }
  }

  package static let standardDirectory = "/usr/share/zoneinfo"
  /// There are some 600 with all their aliases.
  static let maximumZones = 2048

  package let directory: Directory
  private let zones = Mutex<[ZoneName: Zone]>([:])

  package init(_ directory: Directory = Directory(standardDirectory)) {
    self.directory = directory
  }

  /// Where the environment says, in `TZDIR` as for the C library, or in the usual place.
  package convenience init(environment: [String: String]) {
    let named = environment["TZDIR"] ?? ""
    self.init(Directory(named.isEmpty ? Self.standardDirectory : named))
  }

  package func zone(named text: String) throws(Problem) -> Zone {
    if text == Zone.utc.name { return .utc }
    guard let name = ZoneName(text) else { throw unknown(text) }
    if let zone = zones.withLock({ $0[name] }) { return zone }
    let bytes: [UInt8]
    do throws(SystemError) {
      let file = try File(directory.file(name.text), for: .readingThroughLinks)
      bytes = try file.read(TZif.maximumByteCount + 1, at: 0)
    } catch {
      throw error.isNoFile ? unknown(text) : .system(error)
    }
    let zone: Zone
    do throws(TZif.Problem) {
      zone = try Zone(name: name.text, file: bytes.span)
    } catch { throw error == .notAZone ? unknown(text) : .damaged(text, error) }
    zones.withLock { zones in
      if zones.count < Self.maximumZones { zones[name] = zone }
    }
    return zone
  }

  /// The names of all zones, sorted, for those who choose one and for those who mistype one.
  package func names() throws(Problem) -> [String] {
    guard directory.exists else { throw .noFiles(directory: directory.path) }
    var names: [String] = []
    do throws(SystemError) {
      try addNames(below: nil, to: &names)
    } catch { throw .system(error) }
    guard !names.isEmpty else { throw .noFiles(directory: directory.path) }
    return names.sorted()
  }

  private func addNames(below parent: ZoneName?, to names: inout [String]) throws(SystemError) {
    let folder = parent.map { directory.directory($0.text) } ?? directory
    for entry in try folder.names() {
      guard names.count < Self.maximumZones,
        let name = ZoneName((parent.map { $0.text + "/" } ?? "") + entry)
      else { continue }
      if directory.directory(name.text).exists {
        try addNames(below: name, to: &names)
      } else {
        names.append(name.text)
      }
    }
  }

  private func unknown(_ text: String) -> Problem {
    do throws(Problem) {
      let names = try names()
      return .unknown(
        String(text.prefix(ZoneName.maximumUTF8Count)),
        near: Self.place(text, among: names) ?? Suggestion.nearest(to: text, among: names))
    } catch { return error }
  }

  /// The zone of this place, if somebody left out on which continent it is.
  private static func place(_ text: String, among names: [String]) -> String? {
    func isSame(_ left: UInt8, _ right: UInt8) -> Bool {
      left | 0x20 == right | 0x20 || (left == UInt8(ascii: " ") && right == UInt8(ascii: "_"))
    }
    let wanted = Array((text.split(separator: "/").last ?? "").utf8)
    return names.first { name in
      guard let place = name.split(separator: "/").last?.utf8 else { return false }
      return place.count == wanted.count && zip(wanted, place).allSatisfy(isSame)
    }
  }
}
