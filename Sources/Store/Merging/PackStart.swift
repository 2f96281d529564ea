import Batches
import Platform

/// What the packs that lie in the folder at the start are: a pure judgement over what they say of
/// themselves and what the catalogue says of them.
///
/// A pack that is newer than the catalogue was written by a seal or a merge that a crash, or a lost end of
/// the log, took the naming from: it is named now, and what it replaces is retired.
struct PackStart {
  private var named: Set<UInt64>
  private(set) var retired: [UInt64: Int64]
  private let generation: UInt64?
  private let store: StoreID
  /// Sections that count nowhere, by pack.
  let aside: [UInt64: [Int: String]]
  private var opened: [UInt64: Pack] = [:]
  private(set) var trouble: [PackTrouble] = []
  /// Files that nobody can account for.
  private(set) var strays: [UInt64] = []
  /// Packs that the catalogue names and that are missing or damaged.
  private(set) var unopened: Set<UInt64> = []
  /// The greatest number of a file that was there.
  private(set) var lastNumber: UInt64 = 0

  /// Without a generation every pack is newer than the catalogue.
  init(
    named: Set<UInt64>, retired: [UInt64: Int64], generation: UInt64?, store: StoreID,
    aside: [UInt64: [Int: String]]
  ) {
    self.named = named
    self.retired = retired
    self.generation = generation
    self.store = store
    self.aside = aside
  }

  /// Opens the packs of these numbers, which ascend, but for those that were replaced.
  mutating func look(at numbers: [UInt64], in packs: PackFolder) {
    lastNumber = numbers.last ?? 0
    for number in numbers where retired[number] == nil {
      do throws(PackProblem) {
        let pack = try packs.open(number)
        guard pack.header.number == number, pack.header.store == store else { throw .foreign }
        let isNewer = generation.map { pack.header.generation > $0 } ?? true
        guard named.contains(number) || isNewer else { throw .unnamed }
        opened[number] = pack
      } catch {
        trouble.append(PackTrouble(number: number, reason: "\(error)"))
        // A damaged pack that is named stays where it is: it may be mended, or copied back.
        if named.remove(number) != nil {
          unopened.insert(number)
        } else {
          strays.append(number)
        }
      }
    }
  }

  /// Packs that are named together, and those that they replace.
  struct Group {
    var packs: [Pack]
    var replaced: [UInt64]
  }

  /// The packs to be named, oldest first. `live` and `retired` are as they are after that.
  mutating func groups(now: Int64) -> [Group] {
    var groups: [Group] = []
    var judged: Set<UInt64> = []
    for number in opened.keys.sorted() where !named.contains(number) {
      guard let pack = opened[number], judged.insert(number).inserted else { continue }
      // A copy of what was replaced long ago.
      if opened.values.contains(where: {
        named.contains($0.header.number) && $0.index.replaced.contains(number)
      }) {
        strays.append(number)
        opened[number] = nil
        continue
      }
      guard let merged = pack.index.merged else {
        groups.append(Group(packs: [pack], replaced: pack.index.replaced))
        named.insert(number)
        continue
      }
      judged.formUnion(merged.companions)
      let companions = merged.companions.compactMap { opened[$0] }
      let inputs = pack.index.replaced
      let hasInputs = inputs.allSatisfy { named.contains($0) && opened[$0] != nil }
      let isComplete = companions.count == merged.companions.count
      // While all that it was made of is there, a merge that did not come to its end is no loss. Nor
      // is one of which a part counts nowhere: its events may have come again.
      if hasInputs, !isComplete || inputs.contains(where: { aside[$0]?.isEmpty == false }) {
        for companion in companions {
          strays.append(companion.header.number)
          opened[companion.header.number] = nil
        }
        continue
      }
      groups.append(Group(packs: companions, replaced: inputs))
      named.formUnion(companions.map(\.header.number))
      for input in inputs where named.remove(input) != nil || opened[input] != nil {
        opened[input] = nil
        retired[input] = now
      }
      // What of them could not be opened is not missed.
      unopened.subtract(inputs)
      trouble.removeAll { inputs.contains($0.number) }
    }
    for number in named.sorted() where opened[number] == nil {
      trouble.append(PackTrouble(number: number, reason: "the file is missing"))
      unopened.insert(number)
    }
    return groups
  }

  var live: [Pack] { opened.keys.sorted().compactMap { opened[$0] } }
}
