extension EventRecord {
  /// When an event happened, once the clock of the collector that received it is put right.
  ///
  /// Only a time that this clock said is moved, and no further than times go: whatever a stranger
  /// wrote there, runs, answers and cursors agree on one number.
  @inline(__always)
  package static func time(_ cts: Int64, _ flags: Flags, clockShift: Int64) -> Int64 {
    guard clockShift != 0, flags.contains(.ctsIsReceipt) else { return cts }
    let (sum, overflow) = cts.addingReportingOverflow(clockShift)
    if overflow { return clockShift < 0 ? 0 : EventID.maximumMilliseconds }
    return min(max(sum, 0), EventID.maximumMilliseconds)
  }
}

extension EventRecordView {
  package func time(clockShift: Int64) -> Int64 {
    EventRecord.time(cts, flags, clockShift: clockShift)
  }
}
