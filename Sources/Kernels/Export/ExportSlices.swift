/// Cuts the time of an export into stretches of so many rows at most, in order.
struct ExportSlices {
  /// Rows are counted in so many stretches at once.
  private static let stretches = 1 << 12
  /// How long a slice can be: its rows' times are told apart within a word.
  private static let longest: UInt64 = 1 << UInt64(ExportOrder.timeBits) - 1

  private let exporter: EventExporter
  private let mostRows: Int

  init(_ exporter: EventExporter, mostRows: Int) {
    self.exporter = exporter
    self.mostRows = mostRows
  }

  func slices(
    of times: ClosedRange<Int64>
  ) async throws(KernelFailure) -> [ClosedRange<Int64>] {
    let span = Self.distance(times.lowerBound, times.upperBound)
    if span <= Self.longest, exporter.mostRows(in: times) <= mostRows { return [times] }
    var shift: UInt64 = 0
    while span &>> shift >= UInt64(Self.stretches) { shift += 1 }
    let counts = try await exporter.counts(times, shift: shift, stretches: Self.stretches)
    var slices: [ClosedRange<Int64>] = []
    var open: (times: ClosedRange<Int64>, rows: Int)?
    for (number, rows) in counts.enumerated() where rows > 0 {
      let stretch = Self.stretch(number, shift, of: times)
      let isLong = Self.distance(stretch.lowerBound, stretch.upperBound) > Self.longest
      if shift > 0, rows > mostRows || isLong {
        if let open { slices.append(open.times) }
        open = nil
        slices += try await self.slices(of: stretch)
        continue
      }
      if let known = open, known.rows + rows <= mostRows,
        Self.distance(known.times.lowerBound, stretch.upperBound) <= Self.longest
      {
        open = (known.times.lowerBound...stretch.upperBound, known.rows + rows)
      } else {
        if let open { slices.append(open.times) }
        open = (stretch, rows)
      }
    }
    if let open { slices.append(open.times) }
    return slices
  }

  private static func distance(_ first: Int64, _ last: Int64) -> UInt64 {
    UInt64(bitPattern: last) &- UInt64(bitPattern: first)
  }

  private static func stretch(
    _ number: Int, _ shift: UInt64, of times: ClosedRange<Int64>
  ) -> ClosedRange<Int64> {
    let start = UInt64(number) &<< shift
    let end = min(start &+ (1 &<< shift) &- 1, distance(times.lowerBound, times.upperBound))
    let first = times.lowerBound &+ Int64(bitPattern: start)
    return first...(times.lowerBound &+ Int64(bitPattern: end))
  }
}
