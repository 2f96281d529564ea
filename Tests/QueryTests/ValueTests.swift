import JSON
import Testing

@testable import Query

@Suite("Values") struct ValueTests {
  private static let all: [Value] = [
    .null, false, true, 0, -0.0, 1, 1.0, 1.5, -1, .integer(.min), .integer(.max), 0x1p63, -0x1p63,
    .integer(9_007_199_254_740_993), 9_007_199_254_740_992.0, .double(.infinity),
    .double(-.infinity), .double(.nan), .double(.leastNonzeroMagnitude), "", "0", "a", "é",
    "e\u{301}", "\u{10000}", "\u{FFFF}",
  ]

  @Test("integers and doubles are compared as the numbers they are, not as doubles")
  func numbers() {
    #expect(Value.integer(1) == .double(1))
    #expect(Value.integer(0) == .double(-0.0))
    #expect(Value.integer(9_007_199_254_740_993) > .double(9_007_199_254_740_992))
    #expect(Value.integer(.max) < .double(0x1p63))
    #expect(Value.integer(.min) == .double(-0x1p63))
    #expect(Value.integer(-1) > .double(-1.5))
    #expect(Value.integer(1) < .double(1.5))
  }

  @Test("texts are equal when their bytes are")
  func texts() {
    #expect(Value.string("é") != .string("e\u{301}"))
    #expect(Set<Value>(["é", "e\u{301}"]).count == 2)
    #expect(Value.string("\u{FFFF}") < .string("\u{10000}"))
  }

  @Test("the order is total, agrees with equality, and equal values hash alike")
  func order() {
    for left in Self.all {
      for right in Self.all {
        let ways = [left < right, left == right, right < left]
        #expect(ways.count { $0 } == 1, "\(left) and \(right)")
        if left == right { #expect(left.hashValue == right.hashValue, "\(left) and \(right)") }
        for third in Self.all where left < right && right < third {
          #expect(left < third, "\(left), \(right), \(third)")
        }
      }
    }
  }

  @Test("one value stands for all that equal it")
  func grouped() {
    for left in Self.all {
      #expect(left == left.grouped)
      for right in Self.all where left == right {
        #expect("\(left.grouped)" == "\(right.grouped)")
      }
    }
  }

  @Test("objects and arrays are no scalars")
  func structured() {
    #expect(Value(JSONValue.array([])) == nil)
    #expect(Value(["a": 1] as JSONValue) == nil)
    #expect(Value(JSONValue.null)?.isNull == true)
  }
}
