import Sections

/// The first or the last value of each person of a step at one path, as far as met.
struct PersonValues {
  private let isFirst: Bool
  private let numbers: ValueNumbers
  private var times: [Int64]
  /// By person: the value's number, or none.
  private(set) var values: [UInt32]

  init(people: Int, isFirst: Bool, _ numbers: ValueNumbers) {
    self.isFirst = isFirst
    self.numbers = numbers
    times = Array(repeating: 0, count: people)
    values = Array(repeating: ValueNumbers.none, count: people)
  }

  /// Adds those of the values that are somebody's; all is known by place.
  mutating func add(
    _ values: BlockBuffer<GroupNumber>, at stamps: BlockBuffer<Int64>, _ places: RowList,
    _ range: Range<Int>, of people: BlockBuffer<UInt32>
  ) {
    Self.add(
      values, at: stamps, places, range, of: people, isFirst: isFirst, numbers, times: &times,
      known: &self.values)
  }

  private static func add(
    _ values: BlockBuffer<GroupNumber>, at stamps: BlockBuffer<Int64>, _ places: RowList,
    _ range: Range<Int>, of people: BlockBuffer<UInt32>, isFirst: Bool, _ numbers: ValueNumbers,
    times: inout [Int64], known: inout [UInt32]
  ) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many values")
    var times = times.mutableSpan
    var known = known.mutableSpan
    // SAFETY: checked just now, and places are below every buffer's capacity; people are checked by
    // the spans' subscripts.
    let (places, values) = unsafe (places.start, values.start)
    let (stamps, people) = unsafe (stamps.start, people.start)
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe places[index])
      index &+= 1
      let number = unsafe values[place].known
      let person = Int(unsafe people[place])
      if number == ValueNumbers.none || person == Int(PersonOrdinals.nobody) { continue }
      let time = unsafe stamps[place]
      let old = known[person]
      if old != ValueNumbers.none {
        if time == times[person] {
          // Of values at the same time the lesser one is first.
          guard number != old, numbers.precedes(number, old) == isFirst else { continue }
        } else if (time < times[person]) != isFirst {
          continue
        }
      }
      times[person] = time
      known[person] = number
    }
  }
}
