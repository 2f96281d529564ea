/// The head of a request as our client sends it. Target and host are checked when it is made.
package struct OutgoingRequest: Sendable {
  package enum Problem: Error, Equatable { case badMethod, badTarget, badHost }

  package let method: Method
  package let target: String
  package let host: String
  package var fields: FieldLines
  package var body: BodyFraming
  package var closes = false
  package var expectsContinue = false

  /// - Parameters:
  ///   - target: path and query, percent-encoded; it begins with a slash.
  ///   - host: a name or address with an optional port, as in Host.
  ///   - body: `.none`, `.length` or `.chunked`; a request cannot end with its connection.
  package init(
    _ method: Method, target: String, host: String, fields: FieldLines = FieldLines(),
    body: BodyFraming = .none
  ) throws(Problem) {
    precondition(body != .untilClose, "a request cannot end with its connection")
    if case .other(let name) = method {
      let end = Scan.tokenEnd(in: name.span, from: 0, to: name.count)
      guard !name.isEmpty, end == name.count else { throw .badMethod }
    }
    let targetBytes = Array(target.utf8)
    guard targetBytes.first == Byte.slash else { throw .badTarget }
    guard targetBytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
      throw .badTarget
    }
    let hostBytes = Array(host.utf8)
    guard Authority.isValid(hostBytes.span, hostBytes.indices) else { throw .badHost }
    self.method = method
    self.target = target
    self.host = host
    self.fields = fields
    self.body = body
  }

  package func append(to out: inout [UInt8]) {
    out.append(contentsOf: method.text.utf8)
    out.append(" ")
    out.append(contentsOf: target.utf8)
    out.append(" HTTP/1.1\r\nHost: ")
    out.append(contentsOf: host.utf8)
    out.append("\r\n")
    out.append(contentsOf: fields.bytes)
    // A request without a body says so only where its method usually has one (RFC 9110 8.6).
    if body != .none || [.post, .put, .patch].contains(method) {
      OutgoingResponse.append(body, to: &out)
    }
    if closes { out.append("Connection: close\r\n") }
    if expectsContinue { out.append("Expect: 100-continue\r\n") }
    out.append("\r\n")
  }
}
