package import Events

/// A project's stray ids: sorted runs in tiers, oldest first, which answer as one.
package struct StrayIndex: Sendable {
  /// So many runs of about one size are merged into one.
  package static let fanIn = 8

  package let runs: [StrayRun]

  /// The runs oldest first: where two have an id, the first copy's payload counts.
  package init(_ runs: [StrayRun] = []) { self.runs = runs }

  /// For each id the hash of its first copy's payload, nil where there is none.
  package func payloads(
    of ids: [EventID], mix: IDMix
  ) throws(SectionProblem) -> [UInt64?] {
    var payloads = [UInt64?](repeating: nil, count: ids.count)
    if runs.isEmpty || ids.isEmpty { return payloads }
    let batch = StrayBatch(ids, mix: mix)
    for run in runs {
      for hit in try run.find(batch) where payloads[hit.index] == nil {
        payloads[hit.index] = hit.payload
      }
    }
    return payloads
  }

  /// Which neighbouring runs should become one now, if any: the newest `fanIn` of which none is
  /// `fanIn` times larger than the smallest. So every stray is rewritten once for each tier.
  package var nextMerge: Range<Int>? {
    guard runs.count >= Self.fanIn else { return nil }
    for start in (0...(runs.count - Self.fanIn)).reversed() {
      let counts = runs[start..<(start + Self.fanIn)].map(\.root.count)
      let smallest = max(1, counts.min() ?? 1)
      if counts.allSatisfy({ $0 / smallest < Self.fanIn }) { return start..<(start + Self.fanIn) }
    }
    return nil
  }
}
