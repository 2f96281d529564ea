/// Prometheus' text format, version 0.0.4, under construction.
package struct Exposition: Sendable {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package typealias Labels = [(name: String, value: String)]

  package private(set) var bytes: [UInt8] = []

  mutating func header(_ name: String, type: String, help: String) {
    bytes.append(contentsOf: "# HELP \(name) ".utf8)
    for byte in help.utf8 {  // Help text escapes backslash and line feed, not the quote.
      switch byte {
      case 0x5C: bytes.append(contentsOf: #"\\"#.utf8)
      case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(contentsOf: "\n# TYPE \(name) \(type)\n".utf8)
  }

  mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
    series(name, labels)
    append(value)
    bytes.append(0x0A)
  }

  mutating func sample(_ name: String, _ labels: Labels, _ value: Int) {
    series(name, labels)
    bytes.append(contentsOf: String(value).utf8)
    bytes.append(0x0A)
  }

  mutating func sample(_ name: String, _ labels: Labels, _ histogram: Histogram) {
    // The sum is read first and the total is that of the ranges, so that whatever happens meanwhile,
    // the count is the last bucket's, as the format demands.
    let sum = histogram.sum
    var below = 0
    for (index, count) in histogram.counts.enumerated() {
      below += count
      let bounds = histogram.bounds.labels
      let bound = index < bounds.count ? Self.text(bounds[index]) : "+Inf"
      sample(name + "_bucket", labels + [(name: "le", value: bound)], below)
    }
    sample(name + "_sum", labels, sum)
    sample(name + "_count", labels, below)
  }

  private mutating func series(_ name: String, _ labels: Labels) {
    bytes.append(contentsOf: name.utf8)
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      for (index, label) in labels.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: label.name.utf8)
        bytes.append(contentsOf: "=\"".utf8)
        for byte in label.value.utf8 {
          switch byte {
          case 0x5C: bytes.append(contentsOf: #"\\"#.utf8)
          case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
          case 0x22: bytes.append(contentsOf: #"\""#.utf8)
          default: bytes.append(byte)
          }
        }
        bytes.append(UInt8(ascii: "\""))
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func append(_ value: Double) { bytes.append(contentsOf: Self.text(value).utf8) }

  private static func text(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return String(whole) }
    return value.description
  }
}
