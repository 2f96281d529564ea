import Platform
import Synchronization

/// The record of failed ends on disk. Its two slots have their blocks from the beginning and are
/// overwritten in turn: a note needs no room and no new metadata, and a torn one leaves the other.
///
/// A disk that does not even take the note is met again at the next start, which writes the record
/// before intake is opened, and keeps it shut where that fails. So an end goes uncounted only if the disk
/// refused the note and takes everything a moment later. Other ends (a kill, a lack of memory, a power
/// cut) leave no note: they say nothing about the disk.
final class FailedEndsFile: Sendable {
  private let path: String
  private let disk: any Disk
  private let clock: any Clock
  private let ends: Mutex<FailedEnds>

  private init(_ path: String, _ disk: any Disk, _ clock: any Clock, _ ends: FailedEnds) {
    self.path = path
    self.disk = disk
    self.clock = clock
    self.ends = Mutex(ends)
  }

  /// What a start finds, and for how long it keeps intake shut.
  struct Finding: Equatable, Sendable {
    enum Reason: Equatable, Sendable {
      /// Three ends or more because of the disk, within ten minutes.
      case ends(Int)
      /// The record of such ends cannot be written, so nothing else should be.
      case unwritable(String)
    }

    let reason: Reason
    let pause: Duration
  }

  /// Reads the record and writes it again, which shows that the disk takes writes.
  static func open(
    _ directory: Directory, disk: any Disk, clock: any Clock
  ) -> (file: FailedEndsFile, finding: Finding?) {
    let path = directory.file("failures")
    var ends = FailedEnds()
    var problem: SystemError?
    do throws(SystemError) {
      if try disk.size(of: path) ?? 0 < 2 * FailedEnds.slotSize {
        try disk.allocate(path, bytes: 2 * FailedEnds.slotSize)
        try disk.synchronizeDirectory(directory.path)
      }
      let slots = try (0..<2).map { number throws(SystemError) in
        FailedEnds(
          slot: try disk.read(
            path, count: FailedEnds.slotSize, at: number * FailedEnds.slotSize))
      }
      ends = slots.compactMap { $0 }.max { $0.serial < $1.serial } ?? FailedEnds()
    } catch { problem = error }
    let file = FailedEndsFile(path, disk, clock, ends)
    // Both slots: each has its blocks from now on.
    for _ in 0..<2 where problem == nil { problem = file.write { _ in } }
    // A full disk is no failing one, and has its own refusal.
    if let problem, !problem.isOutOfSpace {
      let pause = Duration.milliseconds(FailedEnds.windowMilliseconds)
      return (file, Finding(reason: .unwritable("\(problem)"), pause: pause))
    }
    let now = clock.wallMilliseconds
    guard let pause = ends.pause(at: now) else { return (file, nil) }
    return (file, Finding(reason: .ends(ends.count(at: now)), pause: pause))
  }

  /// Notes that this program ends now because its disk has failed.
  @discardableResult
  func note() -> SystemError? {
    let now = clock.wallMilliseconds
    return write { $0.note(now) }
  }

  /// Ends within the last ten minutes.
  var count: Int {
    let now = clock.wallMilliseconds
    return ends.withLock { $0.count(at: now) }
  }

  private func write(_ change: (inout FailedEnds) -> Void) -> SystemError? {
    ends.withLock { ends in
      change(&ends)
      ends.serial += 1
      do throws(SystemError) {
        try disk.write(
          ends.slot, to: path, at: Int(ends.serial % 2) * FailedEnds.slotSize)
        return nil
      } catch { return error }
    }
  }
}
