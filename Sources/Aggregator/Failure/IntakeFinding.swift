import Platform

/// Why a start keeps intake shut, and for how long (RELIABILITY S6).
struct IntakeFinding: Equatable, Sendable {
  enum Reason: Equatable, Sendable {
    /// Three ends or more because of the disk, within ten minutes.
    case ends(Int)
    /// The record of such ends cannot be written, so nothing else should be.
    case unwritable(String)
  }

  let reason: Reason
  let pause: Duration

  init(reason: Reason, pause: Duration) {
    self.reason = reason
    self.pause = pause
  }

  /// Nil where intake opens at once.
  init?(_ ends: FailedEndsFile, _ problem: SystemError?) {
    if let problem {
      self.init(reason: .unwritable("\(problem)"), pause: FailedEnds.window)
    } else if let pause = ends.pause {
      self.init(reason: .ends(ends.count), pause: pause)
    } else {
      return nil
    }
  }
}
