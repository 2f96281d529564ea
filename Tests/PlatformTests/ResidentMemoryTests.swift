import Testing

@testable import Platform

@Suite("Resident memory") struct ResidentMemoryTests {
  @Test("code that was let go of still runs")
  func releases() {
    let before = (0..<1_000).map { String($0) }.joined()
    #expect(ResidentMemory.releaseCode() > 0)
    #expect((0..<1_000).map { String($0) }.joined() == before)
  }
}
