import Synchronization

/// The record of failed ends on disk. Its two slots have their blocks from the beginning and are
/// overwritten in turn: a note needs no room and no new metadata, and a torn one leaves the other.
///
/// A disk that does not even take the note is met again at the next start, which writes the record
/// before anything is taken in. So an end goes uncounted only if the disk refused the note and takes
/// everything a moment later. Other ends (a kill, a lack of memory, a power cut) leave no note: they say
/// nothing about the disk.
package final class FailedEndsFile: Sendable {
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

  /// Reads the record and writes it again, which shows that the disk takes writes; the problem says that
  /// it does not. A full disk is no failing one, has its own refusal, and is no problem here.
  package static func open(
    _ name: String, in folder: String, disk: any Disk, clock: any Clock
  ) -> (file: FailedEndsFile, problem: SystemError?) {
    let path = folder + "/" + name
    var ends = FailedEnds()
    var problem: SystemError?
    do throws(SystemError) {
      if try disk.size(of: path) ?? 0 < 2 * FailedEnds.slotSize {
        try disk.allocate(path, bytes: 2 * FailedEnds.slotSize)
        try disk.synchronizeDirectory(folder)
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
    if problem?.isOutOfSpace == true { problem = nil }
    return (file, problem)
  }

  /// Notes that this program ends now because its disk has failed.
  @discardableResult
  package func note() -> SystemError? {
    let now = clock.wallMilliseconds
    return write { $0.note(now) }
  }

  /// Forgets everything, as after an end in good order of whoever means that by one.
  @discardableResult
  package func forget() -> SystemError? {
    ends.withLock { $0.times.isEmpty } ? nil : write { $0.forget() }
  }

  /// Ends within the last ten minutes.
  package var count: Int {
    let now = clock.wallMilliseconds
    return ends.withLock { $0.count(at: now) }
  }

  /// How long nothing is to be taken in from now on; nil where it may.
  package var pause: Duration? {
    let now = clock.wallMilliseconds
    return ends.withLock { $0.pause(at: now) }
  }

  private func write(_ change: (inout FailedEnds) -> Void) -> SystemError? {
    ends.withLock { ends in
      change(&ends)
      ends.serial &+= 1
      do throws(SystemError) {
        try disk.write(
          ends.slot, to: path, at: Int(ends.serial % 2) * FailedEnds.slotSize)
        return nil
      } catch { return error }
    }
  }
}
