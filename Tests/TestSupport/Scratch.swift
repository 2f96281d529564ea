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

  // Without another process: from its birth to its program that would hold every lock of all tests.
  deinit { Self.removeAll(path) }

  private static func removeAll(_ path: String) {
    // Anything but a folder, a link to one too, goes at once.
    if unsafe unlink(path) == 0 { return }
    guard let stream = unsafe opendir(path) else { return }
    var names: [String] = []
    // SAFETY: an entry stays until the next call for this stream; its name ends with a zero.
    while let entry = unsafe readdir(stream) {
      unsafe withUnsafePointer(to: &entry.pointee.d_name) { place in
        unsafe place.withMemoryRebound(to: CChar.self, capacity: 256) {
          names.append(unsafe String(cString: $0))
        }
      }
    }
    unsafe closedir(stream)
    for name in names where name != "." && name != ".." { removeAll(path + "/" + name) }
    unsafe rmdir(path)
  }
}
