/// The connections of strangers in the order in which they came. Coming, going and giving up one's
/// place cost the same however many there are.
struct StrangerQueue {
  /// Those who left are gaps, closed now and then.
  private var order: [ConnectionStanding?] = []
  private var places: [ObjectIdentifier: Int] = [:]
  /// Before this there are only gaps.
  private var head = 0

  /// How many are looked at for one that rests.
  private static let patience = 64

  var count: Int { places.count }

  mutating func append(_ standing: ConnectionStanding) {
    if order.count > 2 * places.count + 64 { closeGaps() }
    places[ObjectIdentifier(standing)] = order.count
    order.append(standing)
  }

  mutating func remove(_ standing: ConnectionStanding) {
    guard let place = places.removeValue(forKey: ObjectIdentifier(standing)) else { return }
    order[place] = nil
    // Whoever left the queue for good must not stay for want of newcomers.
    if places.isEmpty { closeGaps() }
  }

  /// Takes out the one that has been here longest and is at rest. Those that are at work go to the
  /// end of the queue: they have their turn when all others had theirs.
  mutating func takeOldestAtRest() -> ConnectionStanding? {
    var looked = 0
    while looked < Self.patience, looked < places.count, head < order.count {
      guard let standing = order[head] else {
        head += 1
        continue
      }
      remove(standing)
      if standing.isAtRest { return standing }
      append(standing)
      looked += 1
    }
    return nil
  }

  private mutating func closeGaps() {
    order.removeAll { $0 == nil }
    head = 0
    for (place, standing) in order.enumerated() {
      if let standing { places[ObjectIdentifier(standing)] = place }
    }
  }
}
