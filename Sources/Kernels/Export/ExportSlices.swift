/// Cuts the time of an export into slices of so many rows at most, in order.
struct ExportSlices {
  private let exporter: EventExporter
  private let mostRows: Int

  init(_ exporter: EventExporter, mostRows: Int) {
    self.exporter = exporter
    self.mostRows = mostRows
  }

  func slices(
    of times: ClosedRange<Int64>
  ) async throws(KernelFailure) -> [ClosedRange<Int64>] {
    if exporter.mostRows(in: times) <= mostRows { return [times] }
    let stretches = Stretches(times)
    let counts = try await exporter.counts(stretches)
    let total = counts.reduce(0, +)
    // All slices of about one size: each is a pass over the sections, so that a small one is a waste.
    let slices = max(1, (total + mostRows - 1) / mostRows)
    return try await cut(stretches, counts, into: min(mostRows, total / slices + 1))
  }

  private func cut(
    _ stretches: Stretches, _ counts: [Int], into size: Int
  ) async throws(KernelFailure) -> [ClosedRange<Int64>] {
    var slices: [ClosedRange<Int64>] = []
    var open: (times: ClosedRange<Int64>, rows: Int)?
    for (number, rows) in counts.enumerated() where rows > 0 {
      let stretch = stretches[number]
      if stretches.shift > 0, rows > mostRows {
        if let open { slices.append(open.times) }
        open = nil
        slices += try await self.slices(of: stretch)
        continue
      }
      // The stretch that fills a slice belongs to it, if there is room.
      if let known = open, known.rows < size, known.rows + rows <= mostRows {
        open = (known.times.lowerBound...stretch.upperBound, known.rows + rows)
      } else {
        if let open { slices.append(open.times) }
        open = (stretch, rows)
      }
    }
    if let open { slices.append(open.times) }
    return slices
  }
}
