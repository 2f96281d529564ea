import Glibc

/// A folder of its own, gone with the value; in memory unless a test is about the disk.
package final class Scratch: Sendable {
  package let path: String

  package init(under parent: String = "/dev/shm") {
    var template = Array("\(parent)/tributary-test-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer {
      // SAFETY: the template ends with a zero, and lives as long as this call.
      guard let made = unsafe mkdtemp($0.baseAddress!) else { fatalError("no folder in \(parent)") }
      return unsafe String(cString: made)
    }
  }

  deinit { _ = unsafe system("rm -rf \(path)") }
}
