/// How far an import is, for whoever watches.
package struct ImportProgress: Equatable, Sendable {
  /// Bytes that are settled or were read, and all that there are; nil where that is not known.
  var bytes = 0
  var wholeBytes: Int?
  var lines = 0
  var refused = 0
  var obstacle: String?
  /// The pace of the last seconds.
  var linesPerSecond: Double = 0
  var bytesPerSecond: Double = 0

  private static let barWidth = 20

  /// One line, for a terminal of so many columns and for logs.
  package func line(withBar: Bool) -> String {
    var parts: [String] = []
    if let wholeBytes {
      let share = wholeBytes == 0 ? 1 : min(1, Double(bytes) / Double(wholeBytes))
      parts.append("\(padded(String(Int(share * 100)), 3)) %")
      if withBar {
        let full = Int(share * Double(Self.barWidth))
        parts.append(
          String(repeating: "█", count: full)
            + String(repeating: "░", count: Self.barWidth - full))
      }
    }
    parts.append("\(grouped(lines)) lines")
    if refused > 0 { parts.append("\(grouped(refused)) refused") }
    parts.append("\(grouped(Int(linesPerSecond)))/s")
    parts.append("\(megabytes(Int(bytesPerSecond)))/s")
    if let obstacle {
      parts.append("waiting: \(obstacle)")
    } else if let wholeBytes, bytesPerSecond > 0 {
      parts.append(Self.time(Double(max(0, wholeBytes - bytes)) / bytesPerSecond) + " left")
    }
    return parts.joined(separator: "  ")
  }

  /// `3:07`, `2:00:00`.
  static func time(_ seconds: Double) -> String {
    guard seconds < 359_999 else { return "days" }
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3_600, whole / 60 % 60, whole % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }
}

/// The pace of the last seconds, from readings that come a few times a second.
struct ImportPace {
  private var readings: [(seconds: Double, lines: Int, bytes: Int)] = []
  private static let kept = 20

  /// Lines and bytes a second since the oldest reading that is kept.
  mutating func read(_ lines: Int, _ bytes: Int, at seconds: Double) -> (Double, Double) {
    readings.append((seconds, lines, bytes))
    if readings.count > Self.kept { readings.removeFirst() }
    guard let first = readings.first, seconds > first.seconds else { return (0, 0) }
    let span = seconds - first.seconds
    return (Double(lines - first.lines) / span, Double(bytes - first.bytes) / span)
  }
}

/// `1,234,567`.
func grouped(_ number: Int) -> String {
  var digits = Array(String(number.magnitude))
  var index = digits.count - 3
  while index > 0 {
    digits.insert(",", at: index)
    index -= 3
  }
  return (number < 0 ? "-" : "") + String(digits)
}

func megabytes(_ bytes: Int) -> String { rounded(Double(bytes) / 1e6, 1) + " MB" }

/// A number that is not negative with so many decimals.
func rounded(_ number: Double, _ decimals: Int) -> String {
  var factor = 1
  for _ in 0..<decimals { factor *= 10 }
  let scaled = Int((number * Double(factor)).rounded())
  let rest = String(scaled % factor)
  return "\(grouped(scaled / factor))."
    + String(repeating: "0", count: decimals - rest.utf8.count) + rest
}

private func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}
