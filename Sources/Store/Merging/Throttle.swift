import Platform

/// Keeps background work from taking the disk: after so many bytes its thread rests for as long as they
/// may take.
final class Throttle {
  private let bytesPerSecond: Int
  private var spent = 0

  /// 0 never rests.
  init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

  private static let burst = 4 << 20

  func spend(_ bytes: Int) {
    guard bytesPerSecond > 0 else { return }
    spent += bytes
    guard spent >= Self.burst else { return }
    BackgroundThread.rest(.nanoseconds(Int64(spent) * 1_000_000_000 / Int64(bytesPerSecond)))
    spent = 0
  }
}
