import Testing

@testable import Platform

@Suite("Byte search") struct ByteSearchTests {
  @Test("the first place at or behind the start is found, as by looking at each")
  func agreesWithModel() {
    let bytes: [UInt8] = [1, 2, 3, 2, 0, 255, 2]
    for start in 0...bytes.count {
      for byte: UInt8 in [0, 1, 2, 3, 4, 255] {
        let found = bytes.span.firstIndex(of: byte, from: start)
        #expect(found == bytes.indices.first { $0 >= start && bytes[$0] == byte })
      }
    }
    let empty: [UInt8] = []
    let none = empty.span.firstIndex(of: 0)
    #expect(none == nil)
  }
}
