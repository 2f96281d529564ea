/// The doors of one store, in the order in which they were configured. One is used for as long as
/// anybody answers there.
struct Doors: Sendable {
  private let links: [any AggregatorLink]
  private var current = 0

  init(_ links: [any AggregatorLink]) {
    precondition(!links.isEmpty, "an aggregator has at least one door")
    self.links = links
  }

  var link: any AggregatorLink { links[current] }
  var all: [any AggregatorLink] { links }

  /// Goes on to the next door, if the one that failed is still in use.
  mutating func failed(_ name: String) {
    guard links.count > 1, link.name == name else { return }
    current = (current + 1) % links.count
  }
}
