internal import Glibc

/// An open file with one owner. Reads and writes name their place, so there is no shared position,
/// and they are whole: short transfers and interruptions are gone on from in here.
package struct File: ~Copyable, Sendable {
  package enum Access: Sendable {
    case reading
    /// As `reading`, also through a symbolic link: for files that the system has put there. Of our
    /// own none is a link, so one that is gets refused. It does not wait for a pipe's other end.
    case readingThroughLinks
    /// Reads and writes; the file is made, readable for its owner only, where there is none.
    case writing
    /// As `writing`, and there must be none yet.
    case creating
  }

  private let descriptor: Descriptor
  package let path: String

  package init(_ path: String, for access: Access) throws(SystemError) {
    let flags =
      switch access {
      case .reading: O_RDONLY | O_NOFOLLOW
      case .readingThroughLinks: O_RDONLY | O_NONBLOCK
      case .writing: O_RDWR | O_CREAT | O_NOFOLLOW
      case .creating: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
      }
    descriptor = Descriptor(
      adopting: try call("open", path) { unsafe open(path, flags | O_CLOEXEC, 0o600) })
    self.path = path
  }

  package var size: Int {
    get throws(SystemError) {
      var status = stat()
      try call("fstat", path) { unsafe fstat(descriptor.raw, &status) }
      return Int(status.st_size)
    }
  }

  /// The bytes from `offset` on: `count` of them, or fewer where the file ends before.
  package func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    var problem: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        // SAFETY: the range behind `filled` lies inside the buffer.
        let got = unsafe pread(
          descriptor.raw, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got == 0 { break }
        if got > 0 {
          filled += got
        } else if errno != EINTR {
          problem = SystemError(last: "pread", path)
          return
        }
      }
    }
    if let problem { throw problem }
    return bytes
  }

  /// Asks the kernel to forget what it keeps of these bytes, so that the next read is one of the disk:
  /// a check would else see memory only. The kernel may decline, so there is no answer.
  package func forgetCached(_ count: Int, at offset: Int) {
    _ = posix_fadvise(descriptor.raw, off_t(offset), off_t(count), POSIX_FADV_DONTNEED)
  }

  /// Writes all of the bytes, or throws: then any part of them may have been written.
  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      // SAFETY: the range behind `written` lies inside the bytes.
      let put = unsafe bytes.withUnsafeBytes {
        unsafe pwrite(
          descriptor.raw, $0.baseAddress! + written, $0.count - written, off_t(offset + written))
      }
      if put >= 0 {
        written += put
      } else if errno != EINTR {
        throw SystemError(last: "pwrite", path)
      }
    }
  }

  /// Returns once the content is on disk. A file for which this failed must not be trusted again:
  /// a second attempt may succeed without the data.
  package func synchronize() throws(SystemError) {
    try call("fdatasync", path) { fdatasync(descriptor.raw) }
  }

  /// Gives the file real blocks up to this size, so that writing there cannot run out of space.
  package func allocate(_ bytes: Int) throws(SystemError) {
    // Its own convention: the error comes back as the result.
    let code = posix_fallocate(descriptor.raw, 0, off_t(bytes))
    guard code == 0 else { throw SystemError(code: code, call: "posix_fallocate", subject: path) }
  }

  package func truncate(to size: Int) throws(SystemError) {
    try call("ftruncate", path) { ftruncate(descriptor.raw, off_t(size)) }
  }

  package consuming func close() throws(SystemError) {
    try descriptor.close()
  }

  /// The number itself, for a call that does not keep it.
  var raw: CInt { descriptor.raw }
}

/// Makes a system call again for as long as signals interrupt it.
@discardableResult
func call(
  _ name: String, _ subject: String? = nil, _ body: () -> CInt
) throws(SystemError) -> CInt {
  while true {
    let result = body()
    if result >= 0 { return result }
    guard errno == EINTR else { throw SystemError(last: name, subject) }
  }
}
