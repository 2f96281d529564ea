import Calendar

/// The line `Date: …`, written anew only when the second changes.
package struct DateLine: Sendable {
  package private(set) var second: Int64
  package private(set) var bytes: [UInt8] = []

  package init(at second: Int64) {
    self.second = second
    write()
  }

  package mutating func update(to second: Int64) {
    guard second != self.second else { return }
    self.second = second
    write()
  }

  private mutating func write() {
    bytes.removeAll(keepingCapacity: true)
    bytes.append("Date: ")
    bytes.append(contentsOf: (Instant(seconds: second) ?? .epoch).httpDate.utf8)
    bytes.append("\r\n")
  }
}
