/// Who is the same person as whom: for each id that was joined with others, the one that stands for all
/// of them. Ids that stand for themselves are not in it.
///
/// It is a value: whoever has one keeps what it says. A copy costs nothing, and the first change after
/// a copy costs one page, the chapter that it is in and the list of the chapters, so that an identify
/// among a million neither copies the million nor keeps a question waiting.
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

  /// A table with places that nobody has, or empty.
  private struct Page: Sendable {
    var entries: [Entry] = []
    var count = 0
  }

  /// Entries of a page before there are twice as many pages.
  private static let pageEntries = 192
  /// Pages of a chapter are 2 to this.
  private static let chapterBits = 6
  private static let chapterMask = 1 << chapterBits - 1

  /// By the high bits of a person's hash: those of its chapter, then those of its page there.
  private var chapters: [[Page]] = [[Page()]]
  /// Pages are 2 to this.
  private var pageBits = 0
  package private(set) var count = 0
  /// Another one after every change.
  package private(set) var version: UInt64 = 0

  package init() {}

  package init(dictionaryLiteral elements: (PersonHash, PersonHash)...) {
    for (person, canonical) in elements { self[person] = canonical }
  }

  /// All at once: `body` names each person and who stands for him, once, and is called three times. What is
  /// its own is left out.
  package init(all body: ((PersonHash, PersonHash) -> Void) -> Void) {
    body { person, canonical in count += person == canonical ? 0 : 1 }
    while count >= Self.pageEntries << pageBits { pageBits += 1 }
    chapters = Self.emptyChapters(pageBits)
    var counts = [Int](repeating: 0, count: 1 << pageBits)
    let bits = pageBits
    body { person, canonical in
      if person != canonical { counts[Self.page(of: person, bits)] += 1 }
    }
    for (number, count) in counts.enumerated() where count > 0 {
      self[page: number] = Page(
        entries: [Entry](repeating: .none, count: Self.places(for: count)), count: count)
    }
    body { person, canonical in
      if person == canonical { return }
      let number = Self.page(of: person, bits)
      let place = Self.place(of: person, in: self[page: number].entries, bits)
      self[page: number].entries[place] = Entry(person, canonical)
    }
    version = UInt64(count)
  }

  package var isEmpty: Bool { count == 0 }

  /// Who stands for this person; nil where that is the person.
  package subscript(person: PersonHash) -> PersonHash? {
    get {
      let number = Self.page(of: person, pageBits)
      let page = chapters[number >> Self.chapterBits][number & Self.chapterMask].entries
      if page.isEmpty { return nil }
      let entry = page[Self.place(of: person, in: page, pageBits)]
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

  private static func emptyChapters(_ pageBits: Int) -> [[Page]] {
    let pages = 1 << Swift.min(pageBits, chapterBits)
    let chapter = [Page](repeating: Page(), count: pages)
    return [[Page]](repeating: chapter, count: 1 << pageBits / pages)
  }

  private subscript(page number: Int) -> Page {
    @inline(__always)
    _read { yield chapters[number >> Self.chapterBits][number & Self.chapterMask] }
    @inline(__always)
    _modify { yield &chapters[number >> Self.chapterBits][number & Self.chapterMask] }
  }

  @inline(__always)
  private static func page(of person: PersonHash, _ bits: Int) -> Int {
    Int(truncatingIfNeeded: person.high >> UInt64(64 - bits))
  }

  /// Where the person is, or would be.
  @inline(__always)
  private static func place(of person: PersonHash, in page: [Entry], _ bits: Int) -> Int {
    let mask = page.count &- 1
    // The bits behind those that chose the page, and the low half beside them: hashes are even.
    var place = Int(truncatingIfNeeded: (person.high << UInt64(bits)) >> 40) & mask
    while !page[place].isNone, page[place].person != person { place = (place &+ 1) & mask }
    return place
  }

  /// A power of two that leaves a quarter free.
  private static func places(for count: Int) -> Int {
    var places = 4
    while count * 4 >= places * 3 { places *= 2 }
    return places
  }

  private mutating func insert(_ entry: Entry) {
    version &+= 1
    if count >= Self.pageEntries << pageBits { doublePages() }
    let number = Self.page(of: entry.person, pageBits)
    if self[page: number].count * 4 >= self[page: number].entries.count * 3 { grow(number) }
    let place = Self.place(of: entry.person, in: self[page: number].entries, pageBits)
    if self[page: number].entries[place].isNone {
      self[page: number].count += 1
      count += 1
    }
    self[page: number].entries[place] = entry
  }

  private mutating func remove(_ person: PersonHash) {
    let number = Self.page(of: person, pageBits)
    let page = self[page: number].entries
    if page.isEmpty || page[Self.place(of: person, in: page, pageBits)].isNone { return }
    version &+= 1
    fill(number, with: page.filter { !$0.isNone && $0.person != person }, places: page.count)
    count -= 1
  }

  private mutating func grow(_ number: Int) {
    let page = self[page: number].entries
    fill(number, with: page.filter { !$0.isNone }, places: Swift.max(4, page.count * 2))
  }

  private mutating func fill(_ number: Int, with entries: [Entry], places: Int) {
    var page = [Entry](repeating: .none, count: places)
    for entry in entries { page[Self.place(of: entry.person, in: page, pageBits)] = entry }
    self[page: number] = Page(entries: page, count: entries.count)
  }

  private mutating func doublePages() {
    let old = chapters
    pageBits += 1
    chapters = Self.emptyChapters(pageBits)
    for (number, page) in old.joined().enumerated() {
      let entries = page.entries.filter { !$0.isNone }
      for half in [2 * number, 2 * number + 1] {
        let own = entries.filter { Self.page(of: $0.person, pageBits) == half }
        if !own.isEmpty { fill(half, with: own, places: Self.places(for: own.count)) }
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
      while page < 1 << people.pageBits {
        let entries = people[page: page].entries
        while place < entries.count {
          let entry = entries[place]
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

// What became of an older value.
extension JoinedPeople {
  /// Who stands for somebody else now than in an older value, or for himself again; nil where all
  /// would have to be compared. What was not written to since is known by where it lies.
  package func changes(since old: JoinedPeople) -> [PersonHash]? {
    guard pageBits == old.pageBits else { return nil }
    var changed: [PersonHash] = []
    for (chapter, before) in zip(chapters, old.chapters) where !Self.isSame(chapter, before) {
      for (page, before) in zip(chapter, before) where !Self.isSame(page.entries, before.entries) {
        for entry in page.entries where !entry.isNone && old[entry.person] != entry.canonical {
          changed.append(entry.person)
        }
        for entry in before.entries where !entry.isNone && self[entry.person] == nil {
          changed.append(entry.person)
        }
      }
    }
    return changed
  }

  private static func isSame<Element>(_ left: [Element], _ right: [Element]) -> Bool {
    // SAFETY: addresses are compared and nothing is read.
    unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        unsafe left.count == right.count && (left.isEmpty || left.baseAddress == right.baseAddress)
      }
    }
  }
}
