import JSON

/// Lengths of time as questions write them: a whole number and its unit, `30m`, `14d`.
enum DurationText {
  static let units: [(name: String, milliseconds: Int64)] = [
    ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
    ("ms", 1),
  ]

  /// The number and its unit; nil where it is no such text, or has more than 64 bits of milliseconds.
  static func parts(of text: String) -> (count: Int64, unit: String, milliseconds: Int64)? {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard !digits.isEmpty, let count = Int64(Substring(digits)) else { return nil }
    let name = String(Substring(text.utf8.dropFirst(digits.count)))
    guard let unit = units.first(where: { $0.name == name }) else { return nil }
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
    return overflow ? nil : (count, name, milliseconds)
  }

  /// In the largest unit that needs no fraction.
  static func text(ofMilliseconds milliseconds: Int64) -> String {
    for unit in units where milliseconds % unit.milliseconds == 0 && milliseconds != 0 {
      return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
    return "0s"
  }
}

extension QuestionNode {
  static var durationHint: String { "has to be a length of time such as 30m, 24h or 14d" }

  func milliseconds() throws(QuestionFault) -> Int64 {
    guard let text = value.string else { throw fault(.wrongType, Self.durationHint) }
    guard let parts = DurationText.parts(of: text) else {
      throw fault(.invalidTime, Self.durationHint)
    }
    return parts.milliseconds
  }
}
