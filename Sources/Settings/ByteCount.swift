package import JSON

/// A size: `10GiB`, `64 KiB`, `1_000`.
package struct ByteCount: Hashable, Comparable, Sendable, SettingValue {
  package let bytes: Int

  package init(_ bytes: Int) { self.bytes = bytes }
  package static func kib(_ count: Int) -> ByteCount { ByteCount(count << 10) }
  package static func mib(_ count: Int) -> ByteCount { ByteCount(count << 20) }
  package static func gib(_ count: Int) -> ByteCount { ByteCount(count << 30) }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  package static var placeholder: String { "SIZE" }
  package static var expectation: String { "a size such as 10GiB, 64 KiB or 1_000" }

  private static let units: [(name: String, bytes: Int)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("B", 1), ("", 1),
  ]

  package init?(settingText: String) {
    guard let (number, unit) = Quantity.split(settingText),
      let factor = Self.units.first(where: { $0.name.lowercased() == unit.lowercased() })?.bytes,
      let bytes = number.times(factor)
    else { return nil }
    self.init(bytes)
  }

  package init?(settingNode: JSON5Node) {
    switch settingNode.content {
    case .integer(let number) where number >= 0: self.init(Int(number))
    case .string(let text): self.init(settingText: text)
    default: return nil
    }
  }

  /// In the largest unit that leaves no fraction.
  package var settingText: String {
    guard let unit = Self.units.first(where: { bytes != 0 && bytes % $0.bytes == 0 }),
      unit.bytes > 1
    else { return String(bytes) }
    return "\(bytes / unit.bytes)\(unit.name)"
  }
}

/// A number with a fraction, exactly, as people write it before a unit.
struct Quantity: Equatable {
  private let digits: Int
  /// How many of the digits stand behind the point.
  private let fraction: Int

  /// The number at the start of a text, and what follows it without the spaces between.
  static func split(_ text: String) -> (Quantity, unit: String)? {
    let end = text.utf8.firstIndex { !isDigit($0) && $0 != 0x2E && $0 != 0x5F } ?? text.endIndex
    guard let number = withoutSeparators(String(text[..<end])) else { return nil }
    let parts = number.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
      let digits = Int(parts.joined())
    else { return nil }
    let fraction = parts.count == 2 ? parts[1].utf8.count : 0
    return (Quantity(digits: digits, fraction: fraction), trimmed(String(text[end...])))
  }

  /// The product, where it is a whole number that 64 bits hold.
  func times(_ factor: Int) -> Int? {
    var (product, overflow) = digits.multipliedReportingOverflow(by: factor)
    for _ in 0..<fraction {
      guard product % 10 == 0 else { return nil }
      product /= 10
    }
    overflow = overflow || product < 0
    return overflow ? nil : product
  }
}
