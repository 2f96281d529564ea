internal import Glibc

/// A system call that failed: which one, with what code, on what.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let code: Int32
  package let call: String
  /// The file or the address the call was about, if there was one.
  package let subject: String?

  package init(code: Int32, call: String, subject: String? = nil) {
    self.code = code
    self.call = call
    self.subject = subject
  }

  /// The error that the calling thread's last failed call left in `errno`.
  package init(last call: String, _ subject: String? = nil) {
    self.init(code: errno, call: call, subject: subject)
  }

  package var description: String {
    let reason = unsafe String(cString: strerror(code))  // SAFETY: never null on Linux.
    guard let subject else { return "\(call): \(reason)" }
    return "\(call) \(subject): \(reason)"
  }

  package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
  package var isMissing: Bool { code == ENOENT }
  /// There is no file by this path: nothing, a folder, or a way that leads through a file.
  package var isNoFile: Bool { [ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG].contains(code) }
  package var isAddressInUse: Bool { code == EADDRINUSE }
}
