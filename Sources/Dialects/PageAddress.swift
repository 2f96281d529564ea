import Events
import JSON

extension EventDraft {
  /// Sets `ctx.path` from the address of a page, and `ctx.url` where the address says more than that.
  mutating func setPage(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ origin: PropertiesBuilder.Origin
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .null: return try cursor.nullValue(bytes)
    case .string: break
    default: throw .wrongType(field: "", expected: "a string")
    }
    let text = try cursor.textValue(bytes)
    let address = text.bytes(in: bytes)
    let path = PageAddress.path(address)
    try ctx.addMember("path", text: path.span, origin)
    if path != address { try ctx.addMember("url", text: address.span, origin) }
  }
}

enum PageAddress {
  /// The path of an address, which may be a whole URL or begin with its path: without the authority,
  /// the query and the fragment, and `/` where nothing is left.
  static func path(_ address: [UInt8]) -> [UInt8] {
    var rest = address[...]
    if let scheme = schemeEnd(rest) {
      rest = rest[scheme...]
      rest = rest.firstIndex(where: { "/?#".utf8.contains($0) }).map { rest[$0...] } ?? []
    }
    if let end = rest.firstIndex(where: { "?#".utf8.contains($0) }) { rest = rest[..<end] }
    return rest.isEmpty ? Array("/".utf8) : Array(rest)
  }

  /// Behind `https://` or another scheme; nil where the address has none.
  private static func schemeEnd(_ address: ArraySlice<UInt8>) -> Int? {
    guard let colon = address.firstIndex(of: UInt8(ascii: ":")), colon > address.startIndex,
      address[colon...].starts(with: "://".utf8),
      address[..<colon].allSatisfy({ isSchemeByte($0) })
    else { return nil }
    return colon + 3
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
