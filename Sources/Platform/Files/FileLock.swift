internal import Glibc

/// The right to a folder, held by one process at a time for as long as this value lives; the kernel
/// takes it back when the process ends, however it ends.
package struct FileLock: ~Copyable, Sendable {
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// Another process holds it; its number as it wrote it down, if it could be read.
    case held(by: Int32?)
    case system(SystemError)

    /// Why the folder cannot be had, for people.
    package var description: String {
      switch self {
      case .held(let holder?): "process \(holder) uses it"
      case .held(nil): "another process uses it"
      case .system(let error): "\(error)"
      }
    }
  }

  private let file: File

  package init(_ path: String) throws(Problem) { file = try Self.locked(path) }

  private static func locked(_ path: String) throws(Problem) -> File {
    let file = try open(path)
    try lock(file)
    do throws(SystemError) {
      let digits = Array("\(getpid())\n".utf8)
      try file.truncate(to: 0)
      try file.write(digits.span, at: 0)
    } catch {
      // The number is a courtesy to whoever finds the lock taken: on a full disk there is none.
    }
    return file
  }

  private static func open(_ path: String) throws(Problem) -> File {
    do throws(SystemError) {
      return try File(path, for: .writing)
    } catch { throw .system(error) }
  }

  private static func lock(_ file: borrowing File) throws(Problem) {
    while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: throw .held(by: holder(in: file))
      default: throw .system(SystemError(last: "flock", file.path))
      }
    }
  }

  private static func holder(in file: borrowing File) -> Int32? {
    guard let bytes = try? file.read(16, at: 0) else { return nil }  // As above.
    return Int32(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self))
  }
}
