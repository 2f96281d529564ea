import Query
import Sections

/// How the rows of a snapshot are cut into steps for kernels that know people: ranges of people's
/// hashes, each with the rows of all sections that are theirs, and stretches of the rows of nobody.
struct PeopleSteps: Sendable {
  enum Step {
    case people(Int)
    case nobody(section: Int, blocks: Range<Int>)
  }

  /// Blocks of a section in one range: many, since two ranges read those at its ends, and smaller
  /// sections have fewer.
  private static let blocksOfStep = 64
  /// Of a small snapshot fewer, so that all threads have something to do.
  private static let fewestSteps = 16

  let sections: [Section]
  let ordinals: PersonOrdinals
  /// Sections without a row in the question's time are left out.
  private let isMeant: [Bool]
  private let ranges: Int
  private let nobody: [(section: Int, blocks: Range<Int>)]

  init(_ sections: [Section], _ ordinals: PersonOrdinals, where isMeant: [Bool]) {
    self.sections = sections
    self.ordinals = ordinals
    self.isMeant = isMeant
    var blocks = 0
    var nobody: [(section: Int, blocks: Range<Int>)] = []
    for (number, section) in sections.enumerated() where isMeant[number] {
      let people = section.directory.peopleRowCount
      blocks = max(blocks, people / Section.blockRows)
      guard people < section.rowCount else { continue }
      var block = people / Section.blockRows
      while block < section.blockCount {
        let end = min(block + Self.blocksOfStep, section.blockCount)
        nobody.append((number, block..<end))
        block = end
      }
    }
    ranges = min(
      max(1, min(Self.fewestSteps, blocks), blocks / Self.blocksOfStep), 65_536)
    self.nobody = nobody
  }

  var count: Int { ranges + nobody.count }
  /// How many sections have rows.
  var sectionCount: Int { isMeant.count { $0 } }

  subscript(step: Int) -> Step {
    if step < ranges { return .people(step) }
    let place = nobody[step - ranges]
    return .nobody(section: place.section, blocks: place.blocks)
  }

  /// The people of a range, by their numbers.
  func people(of range: Int) -> Range<Int> {
    let first = range == 0 ? 0 : ordinals.first(from: bound(range))
    let end = range + 1 == ranges ? ordinals.count : ordinals.first(from: bound(range + 1))
    return first..<max(first, end)
  }

  private func bound(_ range: Int) -> UInt64 {
    // Hashes are spread evenly.
    let (quotient, _) = UInt64(ranges).dividingFullWidth((UInt64(range), 0))
    return quotient
  }

  /// The runs of a section that stand in a range; those of people outside were joined with somebody,
  /// and are read with them.
  func runs(of range: Int, in section: Int) throws(SectionProblem) -> Range<Int> {
    guard isMeant[section] else { return 0..<0 }
    let runs = try sections[section].runs()
    let first = range == 0 ? 0 : PersonOrdinals.first(runs.highs, from: bound(range))
    let end =
      range + 1 == ranges ? runs.count : PersonOrdinals.first(runs.highs, from: bound(range + 1))
    return first..<max(first, end)
  }

  /// The runs of a range's people that do not stand in it, section by section.
  func displaced(
    of people: Range<Int>, outside range: Int
  ) throws(SectionProblem) -> [PersonOrdinals.Displaced] {
    let all = ordinals.displaced
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if Int(all[middle].person) < people.lowerBound { low = middle + 1 } else { high = middle }
    }
    var found: [PersonOrdinals.Displaced] = []
    while low < all.count, people.contains(Int(all[low].person)) {
      let run = all[low].run
      if isMeant[Int(run.section)],
        !(try runs(of: range, in: Int(run.section))).contains(Int(run.run))
      {
        found.append(all[low])
      }
      low += 1
    }
    return found.sorted {
      $0.run.section != $1.run.section
        ? $0.run.section < $1.run.section : $0.run.run < $1.run.run
    }
  }

  /// The same where people are known, so that all runs have been read.
  func displacedRuns(
    of people: Range<Int>, outside range: Int
  ) throws(KernelFailure) -> [PersonOrdinals.Displaced] {
    do { return try displaced(of: people, outside: range) } catch {
      throw .question(.unreadable("\(error)"))
    }
  }
}
