import Platform
import Testing

@testable import Operator

@Suite("The state of an import") struct ImportStateTests {
  private let facts = InputFile.Facts(inode: 77, size: 5_000, isRegular: true)
  private let state = ImportState(
    target: "store 1", project: nil,
    inputs: [
      ImportState.Input(
        path: "a \"quoted\".ndjson", inode: 77, size: 5_000, head: "abc",
        place: ImportLedger.Place(bytes: 3_000, lines: 30))
    ])

  private func place(
    _ facts: InputFile.Facts, path: String = "a \"quoted\".ndjson", head: String = "abc",
    target: String = "store 1", project: String? = nil
  ) -> Int {
    state.place(in: path, facts, head: head, target: target, project: project).bytes
  }

  @Test("what is written is read, and cut anywhere it is no state")
  func coding() {
    let bytes = state.encode()
    #expect(ImportState(decoding: bytes) == state)
    for count in 0..<(bytes.count - 1) {
      #expect(ImportState(decoding: Array(bytes[..<count])) == nil)
    }
  }

  @Test("the import goes on in the same file, also once it has grown")
  func goesOn() {
    #expect(place(facts) == 3_000)
    var grown = facts
    grown.size = 9_000
    #expect(place(grown) == 3_000)
  }

  @Test("another file, store or project begins at the beginning")
  func beginsAgain() {
    var other = facts
    other.inode = 78
    #expect(place(other) == 0)
    var shorter = facts
    shorter.size = 4_999
    #expect(place(shorter) == 0)
    #expect(place(facts, path: "b.ndjson") == 0)
    #expect(place(facts, head: "abd") == 0)
    #expect(place(facts, target: "store 2") == 0)
    #expect(place(facts, project: "acme") == 0)
  }

  @Test("an import tries for as long as its patience, counted from the last success")
  func patience() {
    let second: UInt64 = 1_000_000_000
    var patience = ImportPatience(.seconds(10))
    let verdicts = [5, 14, 15].map { patience.failed(at: $0 * second) }
    #expect(verdicts == [true, true, false])
    patience.gotThrough()
    let afterSuccess = patience.failed(at: 100 * second)
    #expect(afterSuccess)
    var none = ImportPatience(.zero)
    let without = none.failed(at: second)
    #expect(!without)
  }
}
