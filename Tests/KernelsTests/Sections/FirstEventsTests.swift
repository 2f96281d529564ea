import SealedModel
import Testing

@testable import Kernels

@Suite("The first events of many") struct FirstEventsTests {
  @Test("the first ones are those of all, whoever has met them", arguments: 0..<40)
  func first(seed: Int) {
    var random = seeded(UInt64(seed))
    let isAscending = seed % 2 == 0
    let wanted = Int.random(in: 1...30, using: &random)
    let times = (0..<4_000).map { _ in Int64.random(in: -900...900, using: &random) }
    let bound = FirstEvents.Bound(isAscending: isAscending)
    var parts = (0..<3).map { _ in FirstEvents(wanted, isAscending: isAscending, bound) }
    for (row, time) in times.enumerated() {
      let part = Int.random(in: 0..<3, using: &random)
      if parts[part].open(of: time...time) != nil {
        parts[part].add(FirstEvents.Place(section: part, row: row, cts: time))
      }
    }
    var all = FirstEvents(wanted, isAscending: isAscending, bound)
    for part in parts { all.add(part) }
    all.shrink()
    let sorted = isAscending ? times.sorted() : times.sorted(by: >)
    let last = sorted[wanted - 1]
    let expected = sorted.filter { isAscending ? $0 <= last : $0 >= last }
    #expect(all.places.map(\.cts) == expected)
    #expect(Set(all.places.map(\.row)).count == expected.count)
    #expect(all.places.allSatisfy { times[$0.row] == $0.cts })
  }
}
