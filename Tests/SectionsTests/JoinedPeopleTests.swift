import Sections
import TestSupport
import Testing

@Suite("Joined people") struct JoinedPeopleTests {
  private func person(_ random: inout SeededGenerator) -> PersonHash {
    PersonHash(high: random.next(), low: UInt32(truncatingIfNeeded: random.next()))
  }

  @Test("they are a dictionary, and a copy keeps what it says", arguments: UInt64(0)..<20)
  func dictionary(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let people = (0..<(seed % 2 == 0 ? 40 : seed == 1 ? 60_000 : 3_000)).map { _ in person(&random)
    }
    var joined = JoinedPeople()
    var model: [PersonHash: PersonHash] = [:]
    var kept: [(JoinedPeople, [PersonHash: PersonHash])] = []
    for step in 0..<(people.count == 60_000 ? 100_000 : 6_000) {
      let one = people[Int.random(in: 0..<people.count, using: &random)]
      let other = people[Int.random(in: 0..<people.count, using: &random)]
      let version = joined.version
      if Int.random(in: 0..<4, using: &random) == 0 {
        joined[one] = nil
        #expect((joined.version != version) == (model.removeValue(forKey: one) != nil))
      } else {
        joined[one] = other
        model[one] = one == other ? nil : other
      }
      if step % (people.count == 60_000 ? 20_000 : 1_000) == 500 { kept.append((joined, model)) }
      if step % (people.count == 60_000 ? 30_000 : 2_000) == 700 {
        let all = model
        joined = JoinedPeople { say in
          for (person, canonical) in all { say(person, canonical) }
          say(one, one)
        }
      }
    }
    kept.append((joined, model))
    for (joined, model) in kept {
      #expect(joined.count == model.count && joined.isEmpty == model.isEmpty)
      #expect(people.allSatisfy { joined[$0] == model[$0] })
      var all: [PersonHash: PersonHash] = [:]
      for (person, canonical) in joined { all[person] = canonical }
      #expect(all == model)
    }
  }
}
