import Events
import Platform
import Testing

@testable import Query

@Suite("Event positions") struct EventPositionTests {
  private static let extremes: [Int64] = [.min, -1, 0, 1, 1_800_000_000_000, .max]

  private func position(_ random: inout RandomGenerator) -> EventPosition {
    let cts =
      Bool.random(using: &random)
      ? Self.extremes.randomElement(using: &random) ?? 0
      : Int64.random(in: .min ... .max, using: &random)
    return EventPosition(
      cts: cts,
      id: EventID(
        milliseconds: Int64.random(in: 0...EventID.maximumMilliseconds, using: &random),
        chance: (random.next(), random.next())))
  }

  @Test("a position comes back from its text, which has 53 characters", arguments: UInt64(0)..<8)
  func roundTrip(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    for _ in 0..<200 {
      let position = position(&random)
      #expect(position.description.utf8.count == 53)
      #expect(EventPosition(position.description) == position)
    }
  }

  @Test("a text that was changed is refused, or says exactly what it stands for")
  func mutations() {
    var random = RandomGenerator(SeededRandom(seed: 9))
    var accepted = 0
    for _ in 0..<20_000 {
      let original = position(&random)
      var bytes = Array(original.description.utf8)
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.remove(at: place)
      case 1: bytes.insert(UInt8.random(in: 0...127, using: &random), at: place)
      case 2: bytes.swapAt(place, Int.random(in: bytes.indices, using: &random))
      default: bytes[place] = UInt8.random(in: 0...127, using: &random)
      }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let read = EventPosition(text) else { continue }
      accepted += 1
      // Digits are read in either case, and nothing else is.
      #expect(read.description == text.lowercased(), "\(text)")
    }
    #expect(accepted > 0)
  }

  @Test("a text cut anywhere is refused")
  func cuts() {
    var random = RandomGenerator(SeededRandom(seed: 10))
    let text = position(&random).description
    for count in 0..<text.count { #expect(EventPosition(String(text.prefix(count))) == nil) }
  }

  @Test(
    "what only looks like a position is refused",
    arguments: [
      "", ".", "+00000000000001f.0197f9a0-0000-7000-8000-000000000000",
      "-00000000000001f.0197f9a0-0000-7000-8000-000000000000",
      "000000000000001f.0197f9a0-0000-4000-8000-000000000000",
      "000000000000001f.0197f9a0-0000-7000-8000-000000000000.",
      "000000000000001f:0197f9a0-0000-7000-8000-000000000000",
      "0000000000000１.0197f9a0-0000-7000-8000-000000000000",
    ])
  func lookalikes(text: String) {
    #expect(EventPosition(text) == nil)
  }

  @Test("positions are ordered by time, and by id where times are equal", arguments: UInt64(0)..<4)
  func order(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var positions = (0..<100).map { _ in position(&random) }
    positions += positions.prefix(20).map { place in
      EventPosition(cts: place.cts, id: position(&random).id)
    }
    for left in positions {
      for right in positions {
        #expect((left < right) == ((left.cts, left.id) < (right.cts, right.id)))
      }
    }
    #expect(positions.sorted() == positions.shuffled(using: &random).sorted())
  }
}
