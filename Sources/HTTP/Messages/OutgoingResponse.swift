/// The head of a response as we send it: composed into a buffer the connection reuses.
package struct OutgoingResponse: Sendable {
  package var status: HTTPStatus
  package var fields: FieldLines
  /// How the body behind it is delimited. `.none` is announced as a length of zero, except where a
  /// status has no body by nature. The answer to HEAD announces what GET would have sent.
  package var body: BodyFraming
  package var connection: ConnectionLine

  package init(
    _ status: HTTPStatus, _ fields: FieldLines = FieldLines(), body: BodyFraming = .none,
    connection: ConnectionLine = .silent
  ) {
    self.status = status
    self.fields = fields
    self.body = body
    self.connection = connection
  }

  /// Appends status line, Date, fields, framing and the empty line.
  package func append(to out: inout [UInt8], date: DateLine) {
    if let line = status.line {
      out.append(line)
    } else {
      out.append("HTTP/1.1 ")
      out.append(decimal: status.code)
      out.append(" \r\n")
    }
    out.append(contentsOf: date.bytes)
    out.append(contentsOf: fields.bytes)
    if !status.isBodiless { Self.append(body, to: &out) }
    switch body == .untilClose ? .close : connection {
    case .silent: break
    case .close: out.append("Connection: close\r\n")
    case .keepAlive: out.append("Connection: keep-alive\r\n")
    }
    out.append("\r\n")
  }

  /// What a server sends to a client that waits before its body.
  package static let goOn: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

  static func append(_ body: BodyFraming, to out: inout [UInt8]) {
    switch body {
    case .none: out.append("Content-Length: 0\r\n")
    case .length(let count):
      out.append("Content-Length: ")
      out.append(decimal: count)
      out.append("\r\n")
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    case .untilClose: break
    }
  }
}

/// What a response says about the connection.
package enum ConnectionLine: Equatable, Sendable {
  /// Nothing, which in HTTP/1.1 means that it lives on.
  case silent
  case close
  /// What an HTTP/1.0 client that asked for it waits to hear.
  case keepAlive

  /// What the answer to `request` says, if we too are willing to go on or not.
  package init(answering request: RequestHead, weKeepAlive: Bool) {
    let livesOn = weKeepAlive && request.keepsAlive
    self = !livesOn ? .close : request.version == .http10 ? .keepAlive : .silent
  }
}

extension BodyFraming {
  /// How a body of unknown length goes to a client of this version.
  package static func streamed(to version: HTTPVersion) -> BodyFraming {
    version == .http11 ? .chunked : .untilClose
  }
}
