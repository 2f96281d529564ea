import Glibc
import Settings

/// The program's words to people, and its end.
enum Terminal {
  static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func warn(_ text: String) {
    write("\(CollectorProgram.program.name): \(text)\n", to: STDERR_FILENO)
  }

  static func fail(_ text: String, _ code: ExitCode) -> Never {
    warn(text)
    exit(code.rawValue)
  }

  /// Ends without running anything at exit: threads are still at work.
  static func exitAtOnce(_ code: ExitCode) -> Never { _exit(code.rawValue) }

  /// Runs a task while the main thread waits; the task ends the program.
  static func wait(_ body: @escaping @Sendable () async -> Never) -> Never {
    Task.detached { await body() }
    while true { pause() }
  }

  private static func write(_ text: String, to descriptor: CInt) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return }  // Nobody reads: there is nobody to tell.
      bytes = bytes.dropFirst(count)
    }
  }
}
