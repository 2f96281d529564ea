private import CLinux
internal import Glibc
import Synchronization

/// One thread that waits for descriptors, timers and jobs, and runs the jobs: the executor of the
/// tasks that prefer it. (Not of actors: being both costs every resumption a second enqueueing.)
///
/// A turn waits for readiness, delivers it, fires due timers and then runs every job that is there.
/// An idle loop sleeps in the kernel until something happens. A loop lives as long as its process.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
  // SAFETY: what is neither `let` nor behind a lock (`localJobs`, `spareRooms`) is touched by the
  // loop's own thread only.

  private struct Inbox {
    var jobs: [UnownedJob] = []
    /// The loop is in the kernel, or about to be, and will not look here until it is woken.
    var isAsleep = false
  }

  private let epoll: Descriptor
  private let alarm: Descriptor
  private let inbox = Mutex(Inbox())
  private let sources = Mutex(EventSourceTable())
  private let timers = Mutex(TimerQueue())
  private let connectionCount = Atomic<Int>(0)
  private var localJobs: [UnownedJob] = []
  private var spareRooms: [[UInt8]] = []
  /// Zero until the thread runs: whoever asks before is not on it.
  private let thread = Atomic<UInt>(0)

  private static let alarmToken = UInt64.max

  /// Starts the loop's thread; `name` is what `top -H` shows.
  package init(name: String) throws(SystemError) {
    let epoll = Descriptor(adopting: clinux_epoll_create())
    guard epoll.raw >= 0 else { throw SystemError(last: "epoll_create") }
    let alarm = Descriptor(adopting: clinux_eventfd())
    guard alarm.raw >= 0 else { throw SystemError(last: "eventfd") }
    guard clinux_epoll_add(epoll.raw, alarm.raw, Self.alarmToken) == 0 else {
      throw SystemError(last: "epoll_ctl")
    }
    self.epoll = epoll
    self.alarm = alarm
    startThread(name: name) { [self] in run() }
  }

  /// True on the loop's own thread.
  package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  // MARK: Jobs

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      localJobs.append(job)
      return
    }
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(job)
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake { wakeUp() }  // Only the first job of a batch pays for the system call.
  }

  private func wakeUp() { _ = clinux_eventfd_signal(alarm.raw) }

  /// Wakes the loop if it sleeps, so that it looks at its timers again.
  private func lookAgain() {
    let mustWake = inbox.withLock { inbox in
      defer { inbox.isAsleep = false }
      return inbox.isAsleep
    }
    if mustWake { wakeUp() }
  }

  // MARK: The turn

  private func run() -> Never {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    var events = [clinux_event](repeating: clinux_event(), count: 256)
    var batch: [UnownedJob] = []
    while true {
      let ready = waitForEvents(into: &events)
      if ready > 0 { deliver(events[..<ready]) }
      fireTimers()
      inbox.withLock { inbox in
        inbox.isAsleep = false
        swap(&inbox.jobs, &batch)
      }
      runJobs(&batch)
      swap(&localJobs, &batch)
      runJobs(&batch)
    }
  }

  private func waitForEvents(into events: inout [clinux_event]) -> Int {
    var timeout: Int32 = 0
    if localJobs.isEmpty {
      // Asleep is said before the timers are read: a timer added after that wakes the loop.
      let mayWait = inbox.withLock { inbox in
        inbox.isAsleep = inbox.jobs.isEmpty
        return inbox.isAsleep
      }
      if mayWait { timeout = timers.withLock { $0.milliseconds(until: now) } }
    }
    return unsafe events.withUnsafeMutableBufferPointer { buffer in
      // SAFETY: the kernel writes at most `count` events into this buffer.
      Int(unsafe clinux_epoll_wait(epoll.raw, buffer.baseAddress, Int32(buffer.count), timeout))
    }
  }

  private func deliver(_ events: ArraySlice<clinux_event>) {
    for event in events {
      if event.token == Self.alarmToken {
        clinux_eventfd_drain(alarm.raw)
        continue
      }
      // Gone sources are no error: they were removed after the kernel reported them.
      let source = sources.withLock { $0[event.token] }
      source?.becameReady(Readiness(rawValue: event.events))
    }
  }

  private func runJobs(_ jobs: inout [UnownedJob]) {
    for job in jobs {
      // SAFETY: a job leaves its queue once, so it runs once.
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    }
    jobs.removeAll(keepingCapacity: true)
  }

  // MARK: Descriptors

  /// Watches a descriptor, edge-triggered, until `remove`. The loop keeps the source alive.
  func add(_ source: any EventSource, descriptor: CInt) throws(SystemError) -> UInt64 {
    let token = sources.withLock { $0.insert(source) }
    guard clinux_epoll_add(epoll.raw, descriptor, token) == 0 else {
      let error = SystemError(last: "epoll_ctl")
      _ = sources.withLock { $0.remove(token) }
      throw error
    }
    connectionCount.add(1, ordering: .relaxed)
    return token
  }

  func remove(_ token: UInt64, descriptor: CInt) {
    guard sources.withLock({ $0.remove(token) }) else { return }
    connectionCount.subtract(1, ordering: .relaxed)
    _ = clinux_epoll_remove(epoll.raw, descriptor)
  }

  /// How many descriptors live here: what a listener balances by.
  package var load: Int { connectionCount.load(ordering: .relaxed) }

  // MARK: Room to read into

  /// What more connections give back is freed, and so is what grew large.
  private static let maximumSpareRooms = 64
  private static let maximumRoom = 64 * 1_024

  /// Takes the memory of a connection that begins to wait: those that wait need none, and those that
  /// do not share it.
  func takeRoom(of buffer: inout InputBuffer) {
    guard buffer.isEmpty, !buffer.storage.isEmpty else { return }
    let room = buffer.takeRoom()
    guard isCurrent, room.count <= Self.maximumRoom, spareRooms.count < Self.maximumSpareRooms
    else { return }
    spareRooms.append(room)
  }

  func giveRoom(to buffer: inout InputBuffer) {
    guard buffer.storage.isEmpty, isCurrent, let room = spareRooms.popLast() else { return }
    buffer.use(room)
  }

  /// For tests, on the loop's thread.
  var spareRoomCount: Int { spareRooms.count }

  // MARK: Time

  private var now: UInt64 { SystemClock.monotonicNanoseconds }

  /// Returns after `duration`, or at once when the task is cancelled.
  package func sleep(for duration: Duration) async {
    let deadline = now + UInt64(max(0, duration.wholeNanoseconds))
    let id = timers.withLock { $0.reserve() }
    await withTaskCancellationHandler {
      await Waiter.wait { waiter in
        let (isCancelled, isFirst) = timers.withLock { $0.add(id, deadline, waiter) }
        if isFirst { lookAgain() }
        return !isCancelled
      }
    } onCancel: {
      let waiting = timers.withLock { $0.cancel(id) }
      waiting?.wake()
    }
  }

  /// Has `source` told that it expired, not before its deadline and at most a quarter second after.
  func sweep(_ deadline: UInt64) {
    if timers.withLock({ $0.scheduleSweep(at: deadline) }) { lookAgain() }
  }

  private func fireTimers() {
    let (due, mustSweep) = timers.withLock { $0.isDue(at: now) ? $0.takeDue(at: now) : ([], false) }
    for sleeper in due { sleeper.wake() }
    guard mustSweep else { return }
    let time = now
    var next = UInt64.max
    for source in sources.withLock({ $0.all }) {
      let deadline = source.deadline
      if deadline <= time { source.expire(at: time) } else { next = min(next, deadline) }
    }
    if next < .max { _ = timers.withLock { $0.scheduleSweep(at: next) } }
  }
}
