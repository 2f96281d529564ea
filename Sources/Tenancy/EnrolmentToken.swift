package import Crypto
package import Events
package import Platform

/// What an operator carries from the aggregator to a new collector, once: a secret, the pin by which
/// the collector knows the aggregator before it trusts anything else, and the projects it is for.
///
///     te_<base64url of: version u8 = 1 | secret 32 | pin count u8 | pins 32 each |
///         project count u8 | projects (length u8, text) | CRC-32C u32 little-endian of all before>
///
/// The checksum tells a token that was cut while it was copied from one that is not known.
package struct EnrolmentToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  package enum Problem: Error, Equatable {
    case notAToken
    /// Of a later version than this program knows.
    case version(UInt8)
    /// Cut short, or changed on the way.
    case damaged
  }

  package static let secretByteCount = 32
  package static let maximumProjectCount = 64
  package static let maximumPinCount = 4
  private static let opening = "te_"

  /// It goes to the operator and nowhere else.
  package let text: String
  /// SHA-256 of the public keys (SPKI) that the aggregator's chain must contain one of.
  package let pins: [Digest]
  package let projects: [ProjectID]

  /// What is stored of it, and what the proof of possession covers.
  package var digest: Digest { sha256(text) }

  package init(
    pins: [Digest], projects: [ProjectID], from random: any RandomSource = SystemRandom()
  ) {
    precondition(
      pins.count <= Self.maximumPinCount && projects.count <= Self.maximumProjectCount,
      "more pins or projects than a token holds")
    var writer = ByteWriter(capacity: 128)
    writer.append(1)
    writer.append(randomBytes(Self.secretByteCount, from: random))
    writer.append(UInt8(pins.count))
    for pin in pins { writer.append(pin.bytes) }
    writer.append(UInt8(projects.count))
    for project in projects {
      writer.append(UInt8(project.text.utf8.count))
      writer.append(project.text.utf8)
    }
    writer.append(littleEndian: crc32c(writer.bytes.span))
    text = Self.opening + Base64.url.encode(writer.bytes.span)
    self.pins = pins
    self.projects = projects
  }

  /// Reads a token as somebody pasted it, without white space around it.
  package init(_ text: String) throws(Problem) {
    guard text.hasPrefix(Self.opening), text.utf8.count <= 8192,
      let bytes = Base64.url.decode(String(text.dropFirst(Self.opening.utf8.count))),
      let version = bytes.first
    else { throw .notAToken }
    guard version == 1 else { throw .version(version) }
    do {
      (pins, projects) = try Self.read(bytes)
    } catch {  // Which byte was missing helps nobody who pastes a token.
      throw .damaged
    }
    self.text = text
  }

  private static func read(_ bytes: [UInt8]) throws -> ([Digest], [ProjectID]) {
    let span = bytes.span
    guard bytes.count >= 4 else { throw Problem.damaged }
    var end = ByteReader(at: bytes.count - 4)
    let checksum = try end.integer(UInt32.self, span)
    guard crc32c(span.extracting(0..<(bytes.count - 4))) == checksum else { throw Problem.damaged }
    var reader = ByteReader(at: 1)
    _ = try reader.range(of: secretByteCount, span)
    let pinCount = Int(try reader.byte(span))
    let pins = try (0..<pinCount).map { _ in
      guard let pin = Digest(span.extracting(try reader.range(of: Digest.byteCount, span))) else {
        throw Problem.damaged
      }
      return pin
    }
    let projectCount = Int(try reader.byte(span))
    let projects = try (0..<projectCount).map { _ in
      let range = try reader.range(of: Int(try reader.byte(span)), span)
      guard let text = String(validating: span.extracting(range)) else { throw Problem.damaged }
      return try ProjectID(text)
    }
    guard reader.position == bytes.count - 4, pins.count <= maximumPinCount,
      projects.count <= maximumProjectCount
    else { throw Problem.damaged }
    return (pins, projects)
  }

  package var description: String { "\(Self.opening)…" }
  package var customMirror: Mirror { Mirror(self, children: ["projects": projects]) }
}
