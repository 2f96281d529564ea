import Sections

/// The numbers of a graph's members by their hashes: a table with free places, four bytes each, that
/// has nothing of the hashes themselves. They are keyed and even, so their low bits say where to look.
struct MemberIndex {
  private static let free = UInt32.max

  /// A power of two; half of them are free at least.
  private var slots: [UInt32] = Array(repeating: free, count: 16)

  /// The number of the member with this hash.
  func number(of person: PersonHash, among members: [JoinGraph.Member]) -> UInt32? {
    let number = slots[place(of: person, among: members)]
    return number == Self.free ? nil : number
  }

  /// Notes the last of the members, who was not known.
  mutating func addLast(of members: [JoinGraph.Member]) {
    if members.count * 2 > slots.count { grow(members) }
    let number = members.count - 1
    slots[place(of: members[number].person, among: members)] = UInt32(number)
  }

  @inline(__always)
  private func place(of person: PersonHash, among members: [JoinGraph.Member]) -> Int {
    let mask = slots.count &- 1
    var place = Int(truncatingIfNeeded: person.high) & mask
    while slots[place] != Self.free {
      let known = members[Int(slots[place])].person
      if known.high == person.high, known.low == person.low { return place }
      place = (place &+ 1) & mask
    }
    return place
  }

  /// Without the last member, who is about to be noted.
  private mutating func grow(_ members: [JoinGraph.Member]) {
    slots = Array(repeating: Self.free, count: slots.count * 2)
    let mask = slots.count &- 1
    for number in 0..<(members.count - 1) {
      var place = Int(truncatingIfNeeded: members[number].person.high) & mask
      while slots[place] != Self.free { place = (place &+ 1) & mask }
      slots[place] = UInt32(number)
    }
  }
}
