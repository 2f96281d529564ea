/// How full the spool is, and what follows from that: a value that decides and does nothing.
struct Room: Equatable, Sendable {
  package enum Action: Equatable, Sendable { case none, releaseBallast, allocateBallast }

  let maximumBytes: Int
  let maximumLogBytes: Int
  let ballastBytes: Int

  /// Pages beyond the cap, so that a full spool can still seal, acknowledge and set aside.
  static let reserveBytes = 32 << 20

  /// What SQLite is told, as the last line of defence behind our own count.
  var maximumPages: Int { (maximumBytes + Self.reserveBytes) / 4096 }

  /// Whether a group of this size still fits under the cap: frames, rows and pages partly filled.
  func holds(_ bytes: Int, events: Int, used: Int) -> Bool {
    used + bytes + 16 * events + 8192 <= maximumBytes
  }

  func level(used: Int, freeOnDisk: Int, log: Int) -> SpoolLevel {
    if log > maximumLogBytes { return .red(.log) }
    if freeOnDisk < 2 * maximumLogBytes { return .red(.disk) }
    // In this order nothing overflows, whatever the cap is.
    if used / 95 >= maximumBytes / 100 { return .red(.cap) }
    return used / 70 >= maximumBytes / 100 ? .yellow : .green
  }

  /// How much may be kept beyond its acknowledgement: a quarter of the cap, and no more than leaves the
  /// light green. New events displace it, and so does whoever else fills the disk.
  func keptAllowance(used: Int, kept: Int, freeOnDisk: Int) -> Int {
    if freeOnDisk < 4 * maximumLogBytes { return 0 }
    return max(0, min(maximumBytes / 4, maximumBytes / 100 * 68 - max(0, used - kept)))
  }

  /// The ballast is given up when the disk is so full that SQLite might not get a page, and made
  /// again when there is plenty.
  func action(freeOnDisk: Int, hasBallast: Bool) -> Action {
    guard ballastBytes > 0 else { return .none }
    if hasBallast { return freeOnDisk < maximumLogBytes / 2 ? .releaseBallast : .none }
    return freeOnDisk > ballastBytes + 4 * maximumLogBytes ? .allocateBallast : .none
  }
}

/// The light that health and metrics show.
package enum SpoolLevel: Equatable, Sendable {
  package enum Reason: String, Sendable {
    /// The spool's own cap.
    case cap
    /// The file system.
    case disk
    /// The log grows and cannot be copied into the database.
    case log
  }

  case green
  /// Seven tenths are in use.
  case yellow
  /// Nothing is taken any more; what is kept goes on being shipped.
  case red(Reason)

  package var isRed: Bool {
    if case .red = self { true } else { false }
  }
}
