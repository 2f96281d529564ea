/// Finds what somebody may have meant.
package enum Suggestion {
  /// The candidate nearest to `text`, if one is near enough to be worth naming.
  package static func nearest(to text: String, among candidates: some Sequence<String>) -> String? {
    let text = text.lowercased()
    let tolerance = max(1, text.utf8.count / 3)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(text, candidate.lowercased())
      guard distance <= tolerance, distance < best?.distance ?? .max else { continue }
      best = (candidate, distance)
    }
    return best?.candidate
  }

  /// How many letters must be inserted, removed, replaced, or swapped with their neighbour.
  package static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars.prefix(128))
    let right = Array(right.unicodeScalars.prefix(128))
    guard !left.isEmpty, !right.isEmpty else { return left.count + right.count }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in 1...left.count {
      var row = [i]
      for j in 1...right.count {
        let replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1)
        var cost = min(last[j] + 1, row[j - 1] + 1, replaced)
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
          cost = min(cost, beforeLast[j - 2] + 1)
        }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[right.count]
  }
}
