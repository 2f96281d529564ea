internal import Glibc

/// A folder of ours, by its path.
package struct Directory: Hashable, Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  package func file(_ name: String) -> String { path + "/" + name }
  package func directory(_ name: String) -> Directory { Directory(file(name)) }

  /// Makes the folder, and those above it, for the owner's eyes only; one that exists is closed to
  /// others. The new entries are on disk when this returns.
  package func create() throws(SystemError) {
    if unsafe mkdir(path, 0o700) == 0 {
      try parent.synchronize()
      return
    }
    switch errno {
    case EEXIST:
      guard exists else { throw SystemError(code: ENOTDIR, call: "mkdir", subject: path) }
      try call("chmod", path) { unsafe chmod(path, 0o700) }
    case ENOENT where parent.path != path:
      try parent.createOpen()
      try create()
    default: throw SystemError(last: "mkdir", path)
    }
  }

  /// A folder on the way to ours: made where it is missing, left as it is where it exists.
  private func createOpen() throws(SystemError) {
    if exists { return }
    if parent.path != path { try parent.createOpen() }
    if unsafe mkdir(path, 0o755) != 0, errno != EEXIST { throw SystemError(last: "mkdir", path) }
    try parent.synchronize()
  }

  package var exists: Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  package var parent: Directory {
    guard let slash = path.lastIndex(of: "/") else { return Directory(".") }
    return Directory(slash == path.startIndex ? "/" : String(path[..<slash]))
  }

  /// The names in the folder, sorted, without `.` and `..`.
  package func names() throws(SystemError) -> [String] {
    guard let stream = unsafe opendir(path) else { throw SystemError(last: "opendir", path) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    // SAFETY: an entry stays until the next call for this stream; its name ends with a zero.
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { place in
        unsafe place.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Returns once the entries (what was made, renamed or removed in here) are on disk.
  package func synchronize() throws(SystemError) {
    let descriptor = Descriptor(
      adopting: try call("open", path) { unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    try call("fsync", path) { fsync(descriptor.raw) }
  }

  /// Renames inside the folder; durable when this returns.
  package func rename(_ name: String, to other: String) throws(SystemError) {
    try call("rename", file(name)) { unsafe Glibc.rename(file(name), file(other)) }
    try synchronize()
  }

  /// Removes a file; false where there was none. Durable after `synchronize`.
  @discardableResult
  package func remove(_ name: String) throws(SystemError) -> Bool {
    if unsafe unlink(file(name)) == 0 { return true }
    if errno == ENOENT { return false }
    throw SystemError(last: "unlink", file(name))
  }

  /// The whole of a small file, or nil where there is none. A larger file than `limit` is refused.
  package func read(_ name: String, upTo limit: Int) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try File(file(name), for: .reading)
      let bytes = try file.read(limit + 1, at: 0)
      guard bytes.count <= limit else {
        throw SystemError(code: EFBIG, call: "read", subject: file.path)
      }
      return bytes
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// Puts new content in the place of a small file: after a crash there is the old content or the
  /// new, whole.
  package func replace(_ name: String, with bytes: Span<UInt8>) throws(SystemError) {
    let temporary = name + ".new"
    let new = try File(file(temporary), for: .writing)
    try new.truncate(to: 0)
    try new.write(bytes, at: 0)
    try new.synchronize()
    try new.close()
    try rename(temporary, to: name)
  }
}
