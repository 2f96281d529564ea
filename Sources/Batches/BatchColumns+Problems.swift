import Columns
package import Events

extension BatchColumns {
  /// The rows whose events are outside the limits of events (`EventLimits`), and how. A sender that
  /// checks what it takes sends none; what can be decoded is never sent back, so these rows go to the
  /// dead letters and the others are kept. Nothing is written or allocated where all is well.
  package func problems() -> [(row: Int, problem: EventRecord.Problem)] {
    guard !isWithinLimits else { return [] }
    var problems: [(row: Int, problem: EventRecord.Problem)] = []
    for row in 0..<rowCount {
      let record = self.record(at: row)
      do {
        _ = try EventRecordView(record.span, range: record.indices, checking: true)
      } catch { problems.append((row, error)) }
    }
    return problems
  }

  /// Whether every column is: a look at each distinct text and shape instead of each event.
  private var isWithinLimits: Bool {
    let texts = core.texts.bytes.span
    for entry in 0..<core.nameCount {
      guard EventName.problem(of: texts.extracting(core.texts.places[entry].range)) == nil else {
        return false
      }
    }
    for column in [core.profiles, core.devices, core.visitors, sessions] {
      for entry in column.dictionary {
        guard 1...EventLimits.idBytes ~= Int(core.texts.places[entry].count) else { return false }
      }
    }
    let times = 0...EventID.maximumMilliseconds
    for row in 0..<rowCount {
      guard times ~= cts[row], times ~= sts[row],
        recordByteCount(at: row) <= EventLimits.recordBytes
      else { return false }
    }
    for (row, time) in zip(core.raw.rows, core.raw.times) {
      guard times ~= time, time != cts[Int(row)],
        !core.head(of: Int(row)).flags.contains(.ctsIsReceipt)
      else { return false }
    }
    // Members inside arrays count too, and only reading them tells how many they are.
    let hasArrays = fields.contains { $0.kind == .array }
    let mostMembers = hasArrays ? 0 : EventLimits.properties + EventLimits.filledProperties
    return (0..<UInt32(shapes.count)).allSatisfy { shapes.range($0).count <= mostMembers }
  }
}
