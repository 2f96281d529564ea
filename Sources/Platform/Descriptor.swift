internal import Glibc

/// A file descriptor with one owner. Closing consumes it, so closing twice does not compile.
package struct Descriptor: ~Copyable, Sendable {
  private let number: CInt

  package init(adopting number: CInt) { self.number = number }

  deinit { _ = Glibc.close(number) }

  /// The number itself, for a call that does not keep it.
  package var raw: CInt { number }

  /// Closes now and reports the result, for files whose last write must not vanish unseen.
  package consuming func close() throws(SystemError) {
    let number = self.number
    discard self
    // Linux frees the number even on EINTR; a retry could close somebody else's descriptor.
    guard Glibc.close(number) == 0 else { throw SystemError(last: "close") }
  }
}
