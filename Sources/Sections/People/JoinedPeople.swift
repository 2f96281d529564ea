/// Who is the same person as whom: for each id that was joined with others, the one that stands for all
/// of them. Ids that stand for themselves are not in it.
///
/// It is a value: whoever has one keeps what it says. A copy costs nothing, and the first change after
/// a copy costs one page and the list of the pages, so that an identify among a million neither copies
/// the million nor keeps a question waiting.
package struct JoinedPeople: Sendable, ExpressibleByDictionaryLiteral {
  private struct Entry: Sendable {
    let high: UInt64
    let canonicalHigh: UInt64
    let low: UInt32
    let canonicalLow: UInt32

    /// In the place of an entry: nobody is joined with himself.
    static let none = Entry(PersonHash(high: 0, low: 0), PersonHash(high: 0, low: 0))

    @inline(__always)
    init(_ person: PersonHash, _ canonical: PersonHash) {
      (high, low) = (person.high, person.low)
      (canonicalHigh, canonicalLow) = (canonical.high, canonical.low)
    }

    @inline(__always)
    var person: PersonHash { PersonHash(high: high, low: low) }
    @inline(__always)
    var canonical: PersonHash { PersonHash(high: canonicalHigh, low: canonicalLow) }
    @inline(__always)
    var isNone: Bool { high == canonicalHigh && low == canonicalLow }
  }

  /// Entries of a page before there are twice as many pages.
  private static let pageEntries = 192

  /// By the high bits of a person's hash; each is a table with places that nobody has, or empty.
  private var pages: [[Entry]] = [[]]
  private var counts: [Int] = [0]
  /// `pages` are 2 to this.
  private var pageBits = 0
  package private(set) var count = 0
  /// Another one after every change.
  package private(set) var version: UInt64 = 0

  package init() {}

  package init(dictionaryLiteral elements: (PersonHash, PersonHash)...) {
    for (person, canonical) in elements { self[person] = canonical }
  }

  package var isEmpty: Bool { count == 0 }

  /// Who stands for this person; nil where that is the person.
  package subscript(person: PersonHash) -> PersonHash? {
    get {
      let page = pages[page(of: person)]
      if page.isEmpty { return nil }
      let entry = page[place(of: person, in: page)]
      return entry.isNone ? nil : entry.canonical
    }
    set {
      if let newValue, newValue != person {
        insert(Entry(person, newValue))
      } else {
        remove(person)
      }
    }
  }

  // MARK: Pages

  @inline(__always)
  private func page(of person: PersonHash) -> Int {
    Int(truncatingIfNeeded: person.high >> UInt64(64 - pageBits))
  }

  /// Where the person is, or would be.
  @inline(__always)
  private func place(of person: PersonHash, in page: [Entry]) -> Int {
    let mask = page.count &- 1
    // The bits behind those that chose the page, and the low half beside them: hashes are even.
    var place = Int(truncatingIfNeeded: (person.high << UInt64(pageBits)) >> 40) & mask
    while !page[place].isNone, page[place].person != person { place = (place &+ 1) & mask }
    return place
  }

  private mutating func insert(_ entry: Entry) {
    version &+= 1
    if count >= pages.count * Self.pageEntries { doublePages() }
    let number = page(of: entry.person)
    if counts[number] * 4 >= pages[number].count * 3 { grow(number) }
    let place = place(of: entry.person, in: pages[number])
    if pages[number][place].isNone {
      counts[number] += 1
      count += 1
    }
    pages[number][place] = entry
  }

  private mutating func remove(_ person: PersonHash) {
    let number = page(of: person)
    if pages[number].isEmpty { return }
    guard !pages[number][place(of: person, in: pages[number])].isNone else { return }
    version &+= 1
    let rest = pages[number].filter { !$0.isNone && $0.person != person }
    fill(number, with: rest, places: pages[number].count)
    count -= 1
  }

  private mutating func grow(_ number: Int) {
    let entries = pages[number].filter { !$0.isNone }
    fill(number, with: entries, places: Swift.max(4, pages[number].count * 2))
  }

  private mutating func fill(_ number: Int, with entries: [Entry], places: Int) {
    var page = [Entry](repeating: .none, count: places)
    for entry in entries { page[place(of: entry.person, in: page)] = entry }
    pages[number] = page
    counts[number] = entries.count
  }

  private mutating func doublePages() {
    let old = pages
    pageBits += 1
    pages = [[Entry]](repeating: [], count: old.count * 2)
    counts = [Int](repeating: 0, count: old.count * 2)
    for (number, page) in old.enumerated() {
      let entries = page.filter { !$0.isNone }
      for half in [2 * number, 2 * number + 1] {
        let own = entries.filter { self.page(of: $0.person) == half }
        if own.isEmpty { continue }
        var places = 4
        while own.count * 4 >= places * 3 { places *= 2 }
        fill(half, with: own, places: places)
      }
    }
  }
}

extension JoinedPeople: Sequence {
  package typealias Element = (key: PersonHash, value: PersonHash)

  package struct Iterator: IteratorProtocol {
    fileprivate var people: JoinedPeople
    private var page = 0
    private var place = 0

    fileprivate init(_ people: JoinedPeople) { self.people = people }

    package mutating func next() -> Element? {
      while page < people.pages.count {
        while place < people.pages[page].count {
          let entry = people.pages[page][place]
          place += 1
          if !entry.isNone { return (entry.person, entry.canonical) }
        }
        (page, place) = (page + 1, 0)
      }
      return nil
    }
  }

  package func makeIterator() -> Iterator { Iterator(self) }

  /// Everybody for whom somebody else stands.
  package var keys: [PersonHash] { map(\.key) }
}
