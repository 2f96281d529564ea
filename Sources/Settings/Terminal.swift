internal import Glibc
internal import Platform

/// A program's words to people, and its end.
package struct Terminal: Sendable {
  private let program: String

  package init(program: String) { self.program = program }

  /// What was asked for goes to standard output.
  package func print(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// What went wrong goes to standard error.
  package func warn(_ text: String) { write("\(program): \(text)\n", to: STDERR_FILENO) }

  /// Words about work that is going on, as they are, to standard error.
  package func tell(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Whether a person is likely to look at standard error as it is written.
  package static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

  package func fail(_ text: String, _ code: ExitCode) -> Never {
    warn(text)
    end(code)
  }

  /// Ends the program without running anything at exit: threads may still be at work.
  package func end(_ code: ExitCode) -> Never { _exit(code.rawValue) }

  /// Runs a task while the main thread waits; the task ends the program.
  ///
  /// It has a thread of its own: the standard library's pool, once it is used, wakes every second to
  /// count its threads, and an idle program shall sleep.
  package func wait(_ body: @escaping @Sendable () async -> Never) -> Never {
    let worker = Worker(name: "command")
    Task.detached(executorPreference: worker) { await body() }
    while true { pause() }
  }

  /// Has everything that the program makes be its owner's alone.
  package static func keepFilesPrivate() { _ = umask(0o077) }

  private func write(_ text: String, to descriptor: CInt) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        // SAFETY: the kernel reads exactly this buffer.
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      guard count > 0 else { return }  // Nobody reads: there is nobody to tell.
      bytes = bytes.dropFirst(count)
    }
  }
}
