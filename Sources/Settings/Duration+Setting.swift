internal import Platform

/// A time span: `250ms`, `1 h`, `1h30m`. A unit is always named, so that nobody has to know one.
extension Duration: SettingValue {
  package static var placeholder: String { "DURATION" }
  package static var expectation: String { "a duration with its unit, such as 250ms, 1 h or 1h30m" }

  private static let units: [(name: String, nanoseconds: Int)] = [
    ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
    ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("µs", 1000),
    ("ns", 1),
  ]

  package init?(settingText: String) {
    if settingText == "0" {
      self = .zero
      return
    }
    var rest = settingText
    var sum = 0
    var lastFactor = Int.max
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      guard let (number, tail) = Quantity.split(rest) else { return nil }
      let end = tail.utf8.firstIndex { isDigit($0) } ?? tail.endIndex
      let name = trimmed(String(tail[..<end]))
      // Each part is smaller than the one before: 1h30m, not 30m1h or 1m1m.
      guard let factor = Self.units.first(where: { $0.name == name })?.nanoseconds,
        factor < lastFactor, let part = number.times(factor)
      else { return nil }
      let (total, overflow) = sum.addingReportingOverflow(part)
      guard !overflow else { return nil }
      sum = total
      lastFactor = factor
      rest = String(tail[end...])
    }
    self = .nanoseconds(Int64(sum))
  }

  package var settingText: String {
    let nanoseconds = Int(wholeNanoseconds)
    guard nanoseconds != 0,
      let unit = Self.units.first(where: { nanoseconds % $0.nanoseconds == 0 })
    else { return "0" }
    return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
  }
}
