internal import Glibc

// Folders as wholes: what a copy of one needs beside its files.
extension Directory {
  /// Which file system the folder is on.
  package var device: UInt64 {
    get throws(SystemError) {
      var status = stat()
      try call("stat", path) { unsafe stat(path, &status) }
      return UInt64(status.st_dev)
    }
  }

  /// The size of a regular file in the folder; nil where there is none, or something else.
  package func size(of name: String) -> Int? {
    var status = stat()
    guard unsafe lstat(file(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    return Int(status.st_size)
  }

  /// Gives a file a second name in this folder; false where the two file systems do not allow that.
  /// Durable after `synchronize`.
  package func link(_ path: String, as name: String) throws(SystemError) -> Bool {
    if unsafe Glibc.link(path, file(name)) == 0 { return true }
    switch errno {
    case EXDEV, EPERM, EMLINK, EOPNOTSUPP: return false
    default: throw SystemError(last: "link", file(name))
    }
  }

  /// Removes the folder with everything below it, following no link; false where there is none.
  @discardableResult
  package func removeTree() throws(SystemError) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return false }
      throw SystemError(last: "lstat", path)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw SystemError(code: ENOTDIR, call: "rmdir", subject: path)
    }
    for name in try names() {
      try call("lstat", file(name)) { unsafe lstat(file(name), &status) }
      if status.st_mode & S_IFMT == S_IFDIR {
        try directory(name).removeTree()
      } else {
        try remove(name)
      }
    }
    try call("rmdir", path) { unsafe rmdir(path) }
    return true
  }

  /// A path that means the same from every working folder.
  package static func absolute(_ path: String) throws(SystemError) -> String {
    if path.hasPrefix("/") { return path }
    // SAFETY: with a null buffer the C library allocates one, which is freed below.
    guard let current = unsafe getcwd(nil, 0) else { throw SystemError(last: "getcwd") }
    defer { unsafe free(current) }
    let folder = unsafe String(cString: current)
    return folder == "/" ? "/" + path : folder + "/" + path
  }
}

extension File {
  /// Has the kernel forget what it holds of the file, so that the next read asks the disk. Only what is
  /// synced goes; it is advice.
  package func forgetCached() { _ = posix_fadvise(raw, 0, 0, POSIX_FADV_DONTNEED) }
}

/// Keeps long work from taking the disk from others: after every piece it rests for as long as that
/// piece took.
package struct Pace: Sendable {
  private var began = SystemClock.monotonicNanoseconds
  private let isGentle: Bool

  package init(isGentle: Bool) { self.isGentle = isGentle }

  /// For a thread of its own: it sleeps.
  package mutating func rest() {
    guard isGentle else { return }
    let took = SystemClock.monotonicNanoseconds &- began
    Self.sleep(milliseconds: Int(min(took, Self.longest) / 1_000_000))
    began = SystemClock.monotonicNanoseconds
  }

  private static let longest: UInt64 = 2_000_000_000

  /// Puts the calling thread to sleep.
  package static func sleep(milliseconds: Int) {
    var wish = timespec(tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
    _ = unsafe nanosleep(&wish, nil)  // A signal that cuts it short does no harm.
  }
}
