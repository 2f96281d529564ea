import Testing

@testable import Platform

@Suite("Suggestions") struct SuggestionTests {
  /// The definition, with nothing remembered.
  func model(_ left: ArraySlice<Unicode.Scalar>, _ right: ArraySlice<Unicode.Scalar>) -> Int {
    guard let a = left.last, let b = right.last else { return left.count + right.count }
    var best = min(
      model(left.dropLast(), right) + 1, model(left, right.dropLast()) + 1,
      model(left.dropLast(), right.dropLast()) + (a == b ? 0 : 1))
    if left.count > 1, right.count > 1, a == right.dropLast().last, b == left.dropLast().last {
      best = min(best, model(left.dropLast(2), right.dropLast(2)) + 1)
    }
    return best
  }

  @Test("the distance is that of its definition", arguments: UInt64(0)..<50)
  func agreesWithModel(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    func word() -> String {
      String(
        (0..<Int.random(in: 0...6, using: &random)).map { _ in "abc".randomElement(using: &random)!
        })
    }
    let (left, right) = (word(), word())
    let expected = model(Array(left.unicodeScalars)[...], Array(right.unicodeScalars)[...])
    #expect(Suggestion.distance(left, right) == expected)
    #expect(Suggestion.distance(right, left) == expected)
  }

  @Test("what is near is named, what is not is not")
  func nearest() {
    let words = ["run", "status", "export", "quarantine"]
    #expect(Suggestion.nearest(to: "stauts", among: words) == "status")
    #expect(Suggestion.nearest(to: "EXPORT", among: words) == "export")
    #expect(Suggestion.nearest(to: "frobnicate", among: words) == nil)
    #expect(Suggestion.nearest(to: "", among: words) == nil)
  }
}
