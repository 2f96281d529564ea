import JSON
import Testing

@testable import Operator

@Suite("Rows of SQL as text") struct RowSheetTests {
  private func sheet(_ json: String) throws -> RowSheet {
    let bytes = Array(json.utf8)
    return try #require(RowSheet(try JSONValue(parsing: bytes.span)))
  }

  @Test("a table lines numbers up to the right, marks NULL, and stays on its lines")
  func table() throws {
    let sheet = try sheet(
      #"{"columns":["name","n"],"rows":[["a",1],["long",20],[null,null],["x\ny\u001b[2J",-3]]}"#)
    #expect(
      sheet.text(as: .table) == """
        name      n
        ───────  ──
        a         1
        long     20
        ∅         ∅
        x·y·[2J  -3

        """)
  }

  @Test("a long text is shortened for people, and whole for programs")
  func long() throws {
    let text = String(repeating: "é", count: 100)
    let sheet = try sheet(#"{"columns":["t"],"rows":[["\#(text)"]]}"#)
    #expect(sheet.text(as: .table).contains("…"))
    #expect(sheet.text(as: .csv) == "t\r\n\(text)\r\n")
  }

  @Test("CSV quotes what it must, and tells an empty text from NULL")
  func csv() throws {
    let sheet = try sheet(#"{"columns":["a,b","c"],"rows":[["say \"hi\"\r\n",""],[null,1.5]]}"#)
    #expect(sheet.text(as: .csv) == "\"a,b\",c\r\n\"say \"\"hi\"\"\r\n\",\"\"\r\n,1.5\r\n")
  }

  @Test("NDJSON has an object a line")
  func ndjson() throws {
    let sheet = try sheet(#"{"columns":["a","b"],"rows":[[1,"x"],[null,true]],"cut":"rows"}"#)
    #expect(sheet.text(as: .ndjson) == "{\"a\":1,\"b\":\"x\"}\n{\"a\":null,\"b\":true}\n")
    #expect(sheet.cut == "rows" && sheet.rowCount == 2)
  }

  @Test("what is no such answer is none")
  func other() throws {
    let bytes = Array(#"{"rows":1}"#.utf8)
    #expect(RowSheet(try JSONValue(parsing: bytes.span)) == nil)
  }
}
