// The timestamps that clients send with their events, in the forms that are read.
extension Instant {
  /// The instants an event can have happened at: what an id of 48 bits of milliseconds can carry.
  /// A time outside counts as none.
  package static let ofEvents =
    Instant(milliseconds: 0)...Instant(milliseconds: (1 << 48) - 1)

  /// Below this a number counts seconds, from it on milliseconds: as seconds it is the year 5138,
  /// as milliseconds 1973.
  private static let firstMilliseconds: Int64 = 100_000_000_000

  /// Seconds or milliseconds since 1970, told apart by their size; nil outside `ofEvents`.
  package init?(timestamp number: Int64) {
    guard number >= 0 else { return nil }
    let milliseconds = number < Self.firstMilliseconds ? number * 1000 : number
    self.init(event: milliseconds)
  }

  /// The same with a fraction. Seconds are rounded to the nearest millisecond, since a binary
  /// double holds hardly any of them exactly; of milliseconds the whole part counts.
  package init?(timestamp number: Double) {
    guard number >= 0 else { return nil }
    let isSeconds = number < Double(Self.firstMilliseconds)
    let milliseconds = isSeconds ? (number * 1000).rounded() : number.rounded(.down)
    guard let milliseconds = Int64(exactly: milliseconds) else { return nil }
    self.init(event: milliseconds)
  }

  /// Text: RFC 3339, UTC unless it says otherwise; nil outside `ofEvents`.
  package init?(timestamp text: Span<UInt8>) {
    guard let instant = Instant(rfc3339: text) else { return nil }
    self.init(event: instant.milliseconds)
  }

  /// Milliseconds and nothing else; nil outside `ofEvents`.
  package init?(event milliseconds: Int64) {
    self.init(milliseconds: milliseconds)
    guard Self.ofEvents.contains(self) else { return nil }
  }
}
