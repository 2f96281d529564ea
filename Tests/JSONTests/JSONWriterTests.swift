import TestSupport
import Testing

@testable import JSON

@Suite("JSON writer") struct JSONWriterTests {
  @Test("commas and colons come by themselves")
  func shape() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("a")
    writer.beginArray()
    writer.integer(1)
    writer.double(2)
    writer.null()
    writer.beginObject()
    writer.endObject()
    writer.endArray()
    writer.key("b")
    writer.bool(true)
    writer.key("c")
    writer.raw(Array("[0]".utf8).span)
    writer.endObject()
    writer.endLine()
    writer.integer(UInt64.max)
    let text = String(decoding: writer.bytes, as: UTF8.self)
    #expect(text == #"{"a":[1,2.0,null,{}],"b":true,"c":[0]}"# + "\n18446744073709551615")
  }

  @Test("every text is read back as it was, wherever its special bytes stand")
  func strings() throws {
    let specials = [
      "\"", "\\", "\n", "\r", "\t", "\u{8}", "\u{C}", "\0", "\u{1F}", "/", "é", "😀", "\u{7F}",
    ]
    for special in specials {
      for before in 0..<40 {
        let text = String(repeating: "x", count: before) + special + special + "yz"
        var writer = JSONWriter()
        writer.string(text)
        let bytes = writer.bytes
        var cursor = JSONCursor()
        let read = try cursor.text(bytes.span)
        try cursor.finish(bytes.span)
        let string = read.string(in: bytes.span)
        let count = read.utf8Count(in: bytes.span)
        #expect(Array(string.utf8) == Array(text.utf8))
        #expect(count == text.utf8.count)
      }
    }
  }

  @Test("only what must be escaped is")
  func escapes() {
    var writer = JSONWriter()
    writer.string("\"\\/\u{8}\u{C}\n\r\t\0\u{1f}é\u{2028}<")
    let text = String(decoding: writer.bytes, as: UTF8.self)
    #expect(text == #""\"\\/\b\f\n\r\t\u0000\u001fé"# + "\u{2028}<\"")
  }

  @Test("a double is read back with every bit, as a double", arguments: UInt64(0)..<16)
  func doubles(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let value = Double(bitPattern: random.next())
      var writer = JSONWriter()
      writer.double(value)
      let bytes = writer.bytes
      var cursor = JSONCursor()
      if value.isFinite {
        let number = try cursor.number(bytes.span)
        guard case .double(let read) = number else {
          Issue.record("\(value) came back as an integer")
          continue
        }
        #expect(read.bitPattern == value.bitPattern)
      } else {
        try cursor.null(bytes.span)
      }
    }
  }
}
