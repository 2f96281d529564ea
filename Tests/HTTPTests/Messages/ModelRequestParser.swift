@testable import HTTP

/// The request parser as one would write it with all the time in the world: lists of lines, lists
/// of bytes, one rule after the other. It looks at whole heads only.
struct ModelRequest: Equatable {
  var method: [UInt8]
  var target: [UInt8]
  var minorVersion: UInt8
  var fields: [[[UInt8]]]
  var body: BodyFraming
  var keepsAlive: Bool
  var byteCount: Int

  static let token = Set("!#$%&'*+-.^_`|~0123456789".utf8)
    .union(UInt8(ascii: "a")...UInt8(ascii: "z")).union(UInt8(ascii: "A")...UInt8(ascii: "Z"))

  /// Nil where the bytes hold no whole head, or one that has to be refused.
  init?(_ bytes: [UInt8]) {
    guard let (lines, byteCount) = Self.lines(bytes), byteCount <= 16 * 1024 else { return nil }
    self.byteCount = byteCount
    let words = lines[0].split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
    guard words.count == 3 else { return nil }
    (method, target) = (words[0], words[1])
    guard !method.isEmpty, method.count <= 32, method.allSatisfy(Self.token.contains) else {
      return nil
    }
    guard method != Array("CONNECT".utf8) else { return nil }
    guard words[2] == Array("HTTP/1.0".utf8) || words[2] == Array("HTTP/1.1".utf8) else {
      return nil
    }
    minorVersion = words[2][7] - 0x30
    guard Self.isTarget(target, method) else { return nil }

    fields = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: 0x3A), colon > 0 else { return nil }
      let name = Array(line[..<colon])
      let value = Self.trimmed(Array(line[(colon + 1)...]))
      guard name.allSatisfy(Self.token.contains) else { return nil }
      guard value.allSatisfy({ $0 == 9 || ($0 >= 32 && $0 != 127) }) else { return nil }
      fields.append([name, value])
    }
    guard fields.count <= 64 else { return nil }

    let hosts = Self.values("host", fields)
    guard hosts.count <= 1, hosts.count == 1 || minorVersion == 0 else { return nil }
    guard hosts.allSatisfy(Self.isAuthority) else { return nil }
    let lengths = Self.values("content-length", fields)
    let encodings = Self.values("transfer-encoding", fields)
    guard lengths.count + encodings.count <= 1 else { return nil }
    body = .none
    if let length = lengths.first {
      guard length.count <= 19, !length.isEmpty, length.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(String(decoding: length, as: UTF8.self))
      else { return nil }
      if number > 0 { body = .length(number) }
    }
    if let encoding = encodings.first {
      guard Self.lower(encoding) == "chunked", minorVersion == 1 else { return nil }
      body = .chunked
    }
    let expectations = Self.values("expect", fields).map(Self.lower)
    guard minorVersion == 0 || expectations.allSatisfy({ $0 == "100-continue" }) else {
      return nil
    }
    let options = Self.values("connection", fields)
      .flatMap { $0.split(separator: 0x2C) }.map { Self.lower(Self.trimmed(Array($0))) }
    keepsAlive = !options.contains("close") && (minorVersion == 1 || options.contains("keep-alive"))
  }

  /// The lines up to the empty one, if every line ends in CR LF and neither stands anywhere else.
  private static func lines(_ bytes: [UInt8]) -> ([[UInt8]], Int)? {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var position = bytes.starts(with: [13, 10]) ? 2 : 0
    while position < bytes.count {
      if bytes[position] == 13 {
        guard position + 1 < bytes.count, bytes[position + 1] == 10 else { return nil }
        position += 2
        if line.isEmpty { return lines.isEmpty ? nil : (lines, position) }
        lines.append(line)
        line = []
      } else {
        guard bytes[position] != 10 else { return nil }
        line.append(bytes[position])
        position += 1
      }
    }
    return nil
  }

  private static func isTarget(_ target: [UInt8], _ method: [UInt8]) -> Bool {
    guard !target.isEmpty, target.count <= 8 * 1024 else { return false }
    guard target.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 0x23 }) else { return false }
    if target[0] == 0x2F { return true }
    if target == [0x2A] { return method == Array("OPTIONS".utf8) }
    for scheme in ["http://", "https://"] {
      guard lower(Array(target.prefix(scheme.utf8.count))) == scheme else { continue }
      let rest = target.dropFirst(scheme.utf8.count)
      return isAuthority(Array(rest.prefix { $0 != 0x2F && $0 != 0x3F }))
    }
    return false
  }

  private static func isAuthority(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let name = /[A-Za-z0-9._~\-]+(:[0-9]{0,5})?/
    let address = /\[[0-9A-Fa-f:.]{2,}\](:[0-9]{0,5})?/
    guard text.wholeMatch(of: name) != nil || text.wholeMatch(of: address) != nil else {
      return false
    }
    // The port, if there is one, stands behind the last colon that is outside the brackets.
    guard let colon = bytes.lastIndex(of: 0x3A), !bytes[colon...].contains(0x5D) else {
      return true
    }
    let port = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
    return port.isEmpty || Int(port)! <= 65535
  }

  private static func values(_ name: String, _ fields: [[[UInt8]]]) -> [[UInt8]] {
    fields.filter { lower($0[0]) == name }.map { $0[1] }
  }

  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes[...]
    while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
    while let first = bytes.first, first == 32 || first == 9 { bytes.removeFirst() }
    return Array(bytes)
  }

  static func lower(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
  }
}

extension ModelRequest {
  /// What the parser under test made of a head, in the model's words.
  init(_ head: RequestHead, byteCount: Int) {
    method = Array(head.method.text.utf8)
    target = Array(head.bytes[head.target.whole])
    minorVersion = head.version.rawValue
    fields = (0..<head.fields.count).map {
      [
        Array(head.bytes[head.fields.nameRange(at: $0)]),
        Array(head.bytes[head.fields.valueRange(at: $0)]),
      ]
    }
    body = head.body
    keepsAlive = head.keepsAlive
    self.byteCount = byteCount
  }
}
