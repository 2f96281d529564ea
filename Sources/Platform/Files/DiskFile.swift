/// An open file of a `Disk`, for files that stay open: reads and writes name their place and are whole,
/// as those of `File`. It is closed when it goes.
package protocol DiskFile: AnyObject, Sendable {
  var path: String { get }
  var size: Int { get throws(SystemError) }
  func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8]
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError)
  func truncate(to size: Int) throws(SystemError)
  /// Returns once the content is on disk; the entry of a new file needs the folder's sync.
  func synchronize() throws(SystemError)
  /// Advice: the next read of these bytes is to be one of the disk.
  func forgetCached(_ count: Int, at offset: Int)
}

extension SystemDisk {
  private final class SystemFile: DiskFile {
    private let file: File

    init(_ path: String, for access: File.Access) throws(SystemError) {
      file = try File(path, for: access)
    }

    var path: String { file.path }
    var size: Int { get throws(SystemError) { try file.size } }

    func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
      try file.read(count, at: offset)
    }

    func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
      try file.write(bytes, at: offset)
    }

    func truncate(to size: Int) throws(SystemError) { try file.truncate(to: size) }
    func synchronize() throws(SystemError) { try file.synchronize() }

    func forgetCached(_ count: Int, at offset: Int) { file.forgetCached(count, at: offset) }
  }

  package func open(
    _ path: String, for access: File.Access
  ) throws(SystemError) -> any DiskFile { try SystemFile(path, for: access) }
}
