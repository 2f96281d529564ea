internal import Glibc

/// A file of somebody else's, or standard input, read from front to back.
package struct InputFile: ~Copyable, Sendable {
  /// What tells whether a path still names the same file.
  package struct Facts: Equatable, Sendable {
    package var inode: UInt64
    package var size: Int
    /// Whether it has a size and places to go to; a pipe has neither.
    package var isRegular: Bool

    package init(inode: UInt64, size: Int, isRegular: Bool) {
      self.inode = inode
      self.size = size
      self.isRegular = isRegular
    }
  }

  private let descriptor: Descriptor
  package let path: String

  /// Opens a file, also through a symbolic link, and also a named pipe, for whose other end it waits.
  package init(_ path: String) throws(SystemError) {
    let number = try call("open", path) { unsafe open(path, O_RDONLY | O_CLOEXEC) }
    // Only advice; a pipe does not take it.
    _ = posix_fadvise(number, 0, 0, POSIX_FADV_SEQUENTIAL)
    self.init(Descriptor(adopting: number), path: path)
  }

  private init(_ descriptor: consuming Descriptor, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  package static func standardInput() throws(SystemError) -> InputFile {
    // A number of its own: who closes it must not close number 0.
    let number = try call("dup", "-") { fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) }
    return InputFile(Descriptor(adopting: number), path: "-")
  }

  package var facts: Facts {
    get throws(SystemError) {
      var status = stat()
      try call("fstat", path) { unsafe fstat(descriptor.raw, &status) }
      return try Self.facts(status, path)
    }
  }

  /// What is at a path, without opening it: a pipe that is opened and closed has lost its writer.
  package static func facts(of path: String) throws(SystemError) -> Facts {
    var status = stat()
    try call("stat", path) { unsafe stat(path, &status) }
    return try facts(status, path)
  }

  private static func facts(_ status: stat, _ path: String) throws(SystemError) -> Facts {
    if status.st_mode & S_IFMT == S_IFDIR {
      throw SystemError(code: EISDIR, call: "read", subject: path)
    }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    return Facts(
      inode: UInt64(status.st_ino), size: isRegular ? Int(status.st_size) : 0,
      isRegular: isRegular)
  }

  /// Has reading go on at this byte of a regular file.
  package func seek(to offset: Int) throws(SystemError) {
    guard lseek(descriptor.raw, off_t(offset), SEEK_SET) >= 0 else {
      throw SystemError(last: "lseek", path)
    }
  }

  /// The first bytes of a regular file, `count` of them or as many as there are.
  package func head(_ count: Int) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      // SAFETY: the range behind `filled` lies inside the buffer.
      let got = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(descriptor.raw, $0.baseAddress! + filled, count - filled, off_t(filled))
      }
      if got == 0 { break }
      if got > 0 {
        filled += got
      } else if errno != EINTR {
        throw SystemError(last: "pread", path)
      }
    }
    bytes.removeLast(count - filled)
    return bytes
  }

  /// Reads what comes next to `bytes[start...]`, as much as there is at the moment and has room;
  /// 0 at the end.
  package func read(into bytes: inout [UInt8], from start: Int) throws(SystemError) -> Int {
    precondition(start < bytes.count, "no room to read into")
    while true {
      // SAFETY: the range behind `start` lies inside the buffer.
      let got = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor.raw, $0.baseAddress! + start, $0.count - start)
      }
      if got >= 0 { return got }
      if errno != EINTR { throw SystemError(last: "read", path) }
    }
  }

  /// Whether there is something to read, or the end, before so many milliseconds have passed.
  package func isReady(withinMilliseconds milliseconds: Int) -> Bool {
    var wish = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wish, 1, CInt(milliseconds)) != 0
  }
}
