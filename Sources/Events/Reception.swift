/// What is known of a request beside its events: whose it is, when it came and from where. It enters
/// the events where the client said nothing of its own.
package struct Reception: Sendable {
  package let project: ProjectID
  package let projectBytes: [UInt8]
  /// The receiver's wall clock, ms.
  package let milliseconds: Int64
  /// `ctx.ip` and `ctx.user_agent` of events that have none; nil where the request came from an app
  /// server, whose own address says nothing about a person.
  package let address: [UInt8]?
  package let userAgent: [UInt8]?
  /// The cookieless id of whoever sent the request, for events without profile and device.
  package let visitor: [UInt8]?
  /// The client's name for this request: with it a repeated request repeats its ids.
  package let idempotencyKey: IdempotencyKey?

  package init(
    project: ProjectID, milliseconds: Int64, address: String? = nil, userAgent: String? = nil,
    visitor: String? = nil, idempotencyKey: IdempotencyKey? = nil
  ) {
    self.project = project
    self.projectBytes = Array(project.text.utf8)
    self.milliseconds = min(max(milliseconds, 0), EventID.maximumMilliseconds)
    self.address = address.map(Self.bounded)
    self.userAgent = userAgent.map(Self.bounded)
    self.visitor = visitor.map { Array($0.utf8) }
    self.idempotencyKey = idempotencyKey
    if let count = self.visitor?.count {
      precondition((1...EventLimits.idBytes).contains(count), "a visitor's id has \(count) bytes")
    }
  }

  /// The text's first bytes, cut between characters.
  private static func bounded(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8.prefix(EventLimits.filledBytes + 1))
    guard bytes.count > EventLimits.filledBytes else { return bytes }
    // The byte beyond the limit goes, and with it the rest of a scalar that it cuts.
    while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
    return bytes
  }
}

/// The value of an `Idempotency-Key` header: 1 to 256 visible bytes.
package struct IdempotencyKey: Hashable, Sendable {
  package let text: String

  package init?(_ text: String) {
    let bytes = text.utf8
    guard (1...EventLimits.idBytes).contains(bytes.count),
      bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return nil }
    self.text = text
  }
}
