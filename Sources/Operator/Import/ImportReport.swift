import JSON

/// What an import came to.
package struct ImportReport: Sendable {
  package enum Ending: Sendable {
    /// All inputs are settled to their ends.
    case finished
    /// It was stopped from outside; the same command goes on from there.
    case stopped
    case failed(ImportFailure)
  }

  struct Line: Equatable, Sendable {
    /// Which of the inputs.
    let input: Int
    let number: Int
  }

  struct Refusal: Equatable, Sendable {
    let code: String
    let reason: String
    let count: Int
    /// The first of them.
    let lines: [Line]
  }

  package let ending: Ending
  let inputs: [String]
  let totals: ImportBook.Totals
  let refusals: [Refusal]
  let seconds: Double
  /// Bytes that an earlier run of the import has settled, which were not read again.
  let skippedBytes: Int
  /// Whether duplicates are told apart from what is new.
  let tellsDuplicates: Bool
  /// User and system time of this process.
  let cpuSeconds: Double

  package var refused: Int { totals.refused }
  private var eventsPerSecond: Double { seconds > 0 ? Double(totals.lines) / seconds : 0 }

  package var text: String {
    var text =
      "\(grouped(totals.lines)) lines, \(megabytes(totals.bytes)) in \(rounded(seconds, 2)) s: "
      + "\(grouped(Int(eventsPerSecond))) a second\n"
    if skippedBytes > 0 {
      text += "  gone on behind \(megabytes(skippedBytes)) that were imported before\n"
    }
    text += "  accepted    \(grouped(totals.accepted))"
    text +=
      tellsDuplicates ? "\n  duplicates  \(grouped(totals.duplicates))\n" : ", repeats among them\n"
    text += "  refused     \(grouped(totals.refused))\n"
    for refusal in refusals {
      text += "    \(grouped(refusal.count)) \(refusal.code): \(refusal.reason)\n"
      let places = refusal.lines.map { "\(inputs[$0.input]):\($0.number)" }
      if !places.isEmpty {
        let more = refusal.count > places.count ? ", …" : ""
        text += "      " + places.joined(separator: ", ") + more + "\n"
      }
    }
    return text
  }

  /// One JSON object for programs.
  package var json: [UInt8] {
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.key("status")
    switch ending {
    case .finished: json.string("finished")
    case .stopped: json.string("stopped")
    case .failed: json.string("failed")
    }
    for (key, number) in [
      ("lines", totals.lines), ("bytes", totals.bytes), ("skipped_bytes", skippedBytes),
      ("accepted", totals.accepted),
    ] {
      json.key(key)
      json.integer(number)
    }
    json.key("duplicates")
    if tellsDuplicates { json.integer(totals.duplicates) } else { json.null() }
    for (key, number) in [
      ("refused", totals.refused), ("batches", totals.batches), ("retries", totals.retries),
    ] {
      json.key(key)
      json.integer(number)
    }
    for (key, number) in [
      ("seconds", seconds), ("lines_per_second", eventsPerSecond), ("cpu_seconds", cpuSeconds),
    ] {
      json.key(key)
      json.double(number)
    }
    json.key("refusals")
    json.beginArray()
    for refusal in refusals { json.refusal(refusal, inputs) }
    json.endArray()
    json.endObject()
    json.endLine()
    return json.bytes
  }
}

extension JSONWriter {
  fileprivate mutating func refusal(_ refusal: ImportReport.Refusal, _ inputs: [String]) {
    beginObject()
    key("code")
    string(refusal.code)
    key("reason")
    string(refusal.reason)
    key("count")
    integer(refusal.count)
    key("first")
    beginArray()
    for line in refusal.lines {
      beginObject()
      key("file")
      string(inputs[line.input])
      key("line")
      integer(line.number)
      endObject()
    }
    endArray()
    endObject()
  }
}
