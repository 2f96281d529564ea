import JSON
import Testing

@testable import Operator

@Suite("Answers to an import") struct ImportWayTests {
  private func outcome(
    _ status: Int, _ text: String, retryAfter: Int? = nil, rows: Int = 2
  ) throws -> ImportWay.Outcome {
    ImportWay.outcome(
      status: status, try JSONValue(parsing: text), retryAfter: retryAfter, rows: rows)
  }

  @Test("an acknowledgement says what is new, what was there and what is refused")
  func taken() throws {
    let text = #"{"accepted":1,"duplicates":0,"rejected":[{"row":1,"code":"c","reason":"r"}]}"#
    guard case .taken(let receipt) = try outcome(200, text) else {
      Issue.record("not taken")
      return
    }
    #expect(receipt.accepted == 1 && receipt.duplicates == 0)
    #expect(receipt.rejected == [ImportReceipt.Rejected(row: 1, code: "c", reason: "r")])
  }

  @Test("the routes of applications do not tell duplicates, and name rows otherwise")
  func intake() throws {
    let all = #"{"code":"x","rejected":[{"index":0,"code":"a"},{"index":1,"code":"b"}]}"#
    guard case .taken(let none) = try outcome(400, all) else {
      Issue.record("not taken")
      return
    }
    #expect(none.accepted == 0 && none.duplicates == nil && none.rejected.map(\.row) == [0, 1])
  }

  @Test("a key of another project refuses the lines, not the import")
  func wrongProject() throws {
    let text = #"{"code":"wrong_project","message":"no"}"#
    guard case .taken(let receipt) = try outcome(403, text, rows: 3) else {
      Issue.record("not taken")
      return
    }
    #expect(receipt.rejected.map(\.code) == Array(repeating: "wrong_project", count: 3))
  }

  @Test("what may work later is waited for", arguments: [408, 429, 500, 502, 503, 504])
  func later(status: Int) throws {
    guard
      case .later(let pause, let words) = try outcome(
        status, #"{"message":"busy"}"#, retryAfter: 7)
    else {
      Issue.record("not later")
      return
    }
    #expect(pause == .seconds(7) && words == "busy")
  }

  @Test("what will never work ends the import", arguments: [301, 400, 401, 403, 404, 413, 415])
  func never(status: Int) throws {
    guard case .failed(let failure) = try outcome(status, #"{"code":"c","message":"m"}"#) else {
      Issue.record("not failed")
      return
    }
    #expect(
      failure == ([401, 403].contains(status) ? .forbidden("m") : .refused("c: m")))
  }

  @Test("rows that were not sent, and answers that say nothing, are not believed")
  func nonsense() throws {
    let text = #"{"accepted":2,"rejected":[{"row":2,"code":"c"},{"row":-1,"code":"c"}]}"#
    guard case .taken(let receipt) = try outcome(200, text) else {
      Issue.record("not taken")
      return
    }
    #expect(receipt.rejected.isEmpty)
    guard case .failed = try outcome(200, "{}") else {
      Issue.record("taken")
      return
    }
  }

  @Test("numbers are written for people")
  func numbers() {
    #expect(grouped(0) == "0" && grouped(999) == "999" && grouped(1_000) == "1,000")
    #expect(grouped(-1_234_567) == "-1,234,567")
    #expect(rounded(1_234.005, 2) == "1,234.01" && rounded(0.5, 1) == "0.5")
    #expect(megabytes(1_049_999) == "1.0 MB")
    #expect(ImportProgress.time(7) == "0:07" && ImportProgress.time(7_200) == "2:00:00")
    var progress = ImportProgress()
    progress.wholeBytes = 200
    progress.bytes = 84
    progress.lines = 12_345
    #expect(progress.line(withBar: true).hasPrefix(" 42 %  ████████░░░░░░░░░░░░  12,345 lines"))
  }
}
