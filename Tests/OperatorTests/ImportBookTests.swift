import TestSupport
import Testing

@testable import Operator

@Suite("The book of an import") struct ImportBookTests {
  @Test("the frontier is the end of what is settled without a gap", arguments: UInt64(0)..<200)
  func frontierAgreesWithModel(seed: UInt64) {
    struct Block {
      let input: Int, end: Int, lines: Int, events: Int
      var isRead = false
      var settled = 0
    }
    var random = SeededGenerator(seed: seed)
    let starts = [
      ImportLedger.Place(bytes: 100, lines: 7), ImportLedger.Place(),
    ]
    var ledger = ImportLedger(starts: starts)
    var blocks: [Block] = []
    var ends = [100, 0]
    for number in 0..<Int.random(in: 1...30, using: &random) {
      let input = number * 2 / 30 == 0 ? 0 : 1
      ends[input] += Int.random(in: 1...50, using: &random)
      let lines = Int.random(in: 0...5, using: &random)
      blocks.append(
        Block(
          input: input, end: ends[input], lines: lines,
          events: Int.random(in: 0...lines, using: &random)))
      let given = ledger.begin(input: input, end: ends[input])
      #expect(given == number)
    }
    while true {
      let open = blocks.indices.filter {
        !blocks[$0].isRead || blocks[$0].settled < blocks[$0].events
      }
      guard let number = open.randomElement(using: &random) else { break }
      let block = blocks[number]
      // Batches are acknowledged also before their block was read to its end.
      if !block.isRead, block.settled == block.events || Bool.random(using: &random) {
        ledger.finishReading(number, lines: block.lines, events: block.events)
        blocks[number].isRead = true
      } else {
        let count = Int.random(in: 1...(block.events - block.settled), using: &random)
        ledger.settle(count, of: number)
        blocks[number].settled += count
      }
      var expected = starts
      for block in blocks {
        guard block.isRead, block.settled == block.events else { break }
        expected[block.input].bytes = block.end
        expected[block.input].lines += block.lines
      }
      #expect(ledger.frontiers == expected)
    }
  }

  @Test("lines are counted from the file's beginning, also where the import goes on inside it")
  func lineNumbers() {
    var ledger = ImportLedger(starts: [
      ImportLedger.Place(bytes: 900, lines: 41), ImportLedger.Place(),
    ])
    let first = ledger.begin(input: 0, end: 1_000)
    let second = ledger.begin(input: 0, end: 1_100)
    let third = ledger.begin(input: 1, end: 100)
    ledger.finishReading(second, lines: 3, events: 0)
    let unknown = ledger.lineNumber(0, of: second)
    #expect(unknown == nil)
    ledger.finishReading(first, lines: 10, events: 0)
    let numbers = [
      ledger.lineNumber(0, of: first), ledger.lineNumber(2, of: second),
      ledger.lineNumber(4, of: third),
    ]
    #expect(numbers == [42, 54, 5])
  }

  @Test("of each reason the first lines are kept, whoever comes first")
  func refusals() {
    let book = ImportBook(starts: [ImportLedger.Place()])
    for _ in 0..<3 { _ = book.begin(input: 0, end: 1) }
    for block in [2, 0, 1] {
      for line in (0..<6).reversed() { book.refuse("bad", "It is bad.", block: block, line: line) }
    }
    book.refuse("worse", "It is worse.", block: 1, line: 2)
    for block in 0..<3 { book.finishReading(block, bytes: 1, lines: 6, events: 0) }
    let refusals = book.refusals()
    #expect(refusals.map(\.code) == ["bad", "worse"])
    #expect(refusals.map(\.count) == [18, 1])
    #expect(refusals[0].lines.map(\.number) == Array(1...10))
    #expect(refusals[1].lines.map(\.number) == [9])
  }
}
