private import CLinux
private import Glibc
import Synchronization

/// A thread of its own for what may block (SQLite, fsync, compression), as an executor: actors and
/// tasks pinned to it take turns on that thread, in the order in which they were enqueued.
///
/// A worker lives as long as its process; there are a handful of them, made at start.
package final class Worker: TaskExecutor, SerialExecutor, Sendable {
  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isWaiting = false
  }

  private let inbox = Mutex(Inbox())
  private let wakeUp = Semaphore()
  package let name: String

  /// Starts the thread; `name` is what `top -H` shows.
  package init(name: String) {
    self.name = name
    startThread(name: name) { [self] in run() }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let wasWaiting = inbox.withLock { inbox in
      inbox.jobs.append(job)
      defer { inbox.isWaiting = false }
      return inbox.isWaiting
    }
    if wasWaiting { wakeUp.signal() }
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)  // SAFETY: a worker is never deallocated.
  }

  private func run() -> Never {
    var batch: [UnownedJob] = []
    while true {
      inbox.withLock { inbox in
        swap(&inbox.jobs, &batch)
        inbox.isWaiting = batch.isEmpty
      }
      if batch.isEmpty {
        wakeUp.wait()
        continue
      }
      for job in batch {
        unsafe job.runSynchronously(  // SAFETY: a job leaves the inbox once, so it runs once.
          isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
      batch.removeAll(keepingCapacity: true)
    }
  }
}

/// Runs `body` on a new detached thread.
func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
  final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  var thread = pthread_t()
  let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
  // SAFETY: the new thread takes over the one reference that was retained for it.
  let result = unsafe pthread_create(
    &thread, nil,
    { argument in
      let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
      unsafe start.name.withCString { unsafe clinux_name_thread($0) }
      start.body()
      return nil
    }, start)
  precondition(result == 0, "no thread for \(name): error \(result)")
  pthread_detach(thread)
}

/// Lets one thread wait for another.
@safe private final class Semaphore: @unchecked Sendable {
  // SAFETY: sem_t is made to be shared between threads, and lives at one address for good.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() {
    let result = unsafe sem_init(semaphore, 0, 0)
    precondition(result == 0, "sem_init failed")
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { unsafe sem_post(semaphore) }

  func wait() { while unsafe sem_wait(semaphore) != 0 {} }  // Only EINTR can make it return early.
}
