import Query
import Testing

@Suite struct SameTextTests {
  // One character, and a letter with an accent behind it: Swift's texts call them equal.
  static let (one, two) = ("\u{e9}", "e\u{301}")

  @Test func selectorsOfNamesThatLookAlikeAreTwo() throws {
    #expect(Self.one == Self.two)
    #expect(EventSelector(Self.one) != EventSelector(Self.two))
    #expect(EventSelector(Self.one) == EventSelector(Self.one))
    let (several, others) = try (EventSelector([Self.one, "a"]), EventSelector([Self.two, "a"]))
    #expect(several != others)
  }

  @Test func testsOfTextsThatLookAlikeAreTwo() throws {
    for make in [TextTest.contains, TextTest.hasPrefix, TextTest.hasSuffix] {
      #expect(make(Self.one) != make(Self.two))
      #expect(make(Self.one) == make(Self.one))
    }
    #expect(TextTest.contains("a") != TextTest.hasPrefix("a"))
    let patterns = try [Self.one, Self.two].map { try Pattern(.glob, $0) }
    #expect(patterns[0] != patterns[1])
    #expect(Set(patterns).count == 2)
    #expect(TextTest.matches(patterns[0]) != TextTest.matches(patterns[1]))
    let path = try PropertyPath("props.a")
    let filters = try [Self.one, Self.two].map {
      try Filter(.text(path, .contains($0)))
    }
    #expect(filters[0] != filters[1])
  }
}
