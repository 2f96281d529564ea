import Events
import Platform

@testable import Sections

/// How ids come about: as they should, and as weak generators make them.
enum IDWorld: CaseIterable {
  case strong, constantChance, counter, oneMillisecond, oneMillisecondCounter, farApart

  static let now: Int64 = 1_800_000_000_000

  func ids(_ count: Int, seed: UInt64) -> [EventID] {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var seen: Set<EventID> = []
    return (0..<count).compactMap { index in
      let number = UInt64(index)
      let chance = (random.next(), random.next())
      let id =
        switch self {
        case .strong:
          EventID(
            milliseconds: Self.now + Int64.random(in: 0..<86_400_000, using: &random),
            chance: chance)
        case .constantChance:
          EventID(milliseconds: Self.now + Int64(index) * 7, chance: (1, 2))
        case .counter:
          EventID(milliseconds: Self.now + Int64(index) / 3, chance: (0, number))
        case .oneMillisecond: EventID(milliseconds: Self.now, chance: chance)
        case .oneMillisecondCounter: EventID(milliseconds: Self.now, chance: (number, 0))
        case .farApart:
          EventID(
            milliseconds: Int64.random(in: 0...EventID.maximumMilliseconds, using: &random),
            chance: chance)
        }
      return seen.insert(id).inserted ? id : nil
    }
  }
}

extension IDMix {
  static let example = IDMix(secret: (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3211))
}

/// A section in memory, and what it was made from.
struct BuiltSection {
  let ids: [EventID]
  let times: [Int64]
  let root: IDSectionRoot
  var extents: MemoryExtents

  init(_ ids: [EventID], times: [Int64]) throws {
    self.ids = ids
    self.times = times
    var builder = IDSectionBuilder(mix: .example)
    // In pieces, as they come.
    var start = 0
    while start < ids.count {
      let end = min(start + 700, ids.count)
      builder.append(ids.span.extracting(start..<end), times: times.span.extracting(start..<end))
      start = end
    }
    extents = MemoryExtents()
    root = try builder.finish(into: &extents)
  }

  var section: IDSection { get throws { try IDSection(root, source: extents, mix: .example) } }

  /// The rows of those ids that are there, by way of all three steps.
  func rows(of wanted: [EventID]) throws -> [Int?] {
    let section = try self.section
    let hits = try section.find(IDBatch(wanted, mix: .example))
    let rows = try section.rows(at: hits.map(\.position))
    var answer = [Int?](repeating: nil, count: wanted.count)
    for (hit, row) in zip(hits, rows) {
      guard let row else { continue }
      if try section.confirms(wanted[hit.index], row: row, time: times[row]) {
        answer[hit.index] = row
      }
    }
    return answer
  }
}
