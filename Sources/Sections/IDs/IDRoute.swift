package import Events

/// Where an id can be, as a function of the id and of what there is: the windows of time that touch
/// the day around it, or else the project's stray index. So the cost does not grow with the history.
package enum IDRoute {
  /// How far, in milliseconds, an id's time may be from its row's for the row's window to have it.
  package static let reach: Int64 = 86_400_000

  /// Whether the id of a row at `time` is too far from it to be found by its own time, and belongs in
  /// the stray index. The rows of the skew family are in no window, so their ids all do.
  @inline(__always)
  package static func isStray(_ id: EventID, time: Int64) -> Bool {
    let (distance, overflow) = id.milliseconds.subtractingReportingOverflow(time)
    return overflow || distance.magnitude > UInt64(reach)
  }

  /// The ids that may be in this window unless they are strays: a window's time and a day around it.
  package static func idTimes(of window: Range<Int64>) -> Range<Int64> {
    let (low, underflow) = window.lowerBound.subtractingReportingOverflow(reach)
    // One more than the reach is not needed: a row lies before the window's end.
    let (high, overflow) = window.upperBound.addingReportingOverflow(reach)
    return max(0, underflow ? 0 : low)..<max(0, overflow ? .max : high)
  }

  /// Which of these windows, ascending and apart, may have an id of this time: of months, at most two.
  package static func windows(
    of milliseconds: Int64, among windows: [Range<Int64>]
  ) -> Range<Int> {
    var low = 0
    while low < windows.count, idTimes(of: windows[low]).upperBound <= milliseconds { low += 1 }
    var high = low
    while high < windows.count, idTimes(of: windows[high]).lowerBound <= milliseconds { high += 1 }
    return low..<high
  }
}
