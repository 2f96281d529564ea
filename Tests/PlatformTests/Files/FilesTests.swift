import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Files") struct FilesTests {
  let scratch = Scratch()

  func mode(of path: String) -> UInt32 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test("a link is followed for files of the system only, and nobody waits for a pipe")
  func links() throws {
    let file = try File(scratch.path + "/a", for: .creating)
    let bytes: [UInt8] = [1, 2, 3]
    try file.write(bytes.span, at: 0)
    let link = scratch.path + "/link"
    #expect(unsafe symlink("a", link) == 0)
    for access in [File.Access.reading, .writing, .creating] {
      #expect(throws: SystemError.self) { _ = try File(link, for: access) }
    }
    #expect(try File(link, for: .readingThroughLinks).read(9, at: 0) == bytes)
    let pipe = scratch.path + "/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(throws: SystemError.self) {
      _ = try File(pipe, for: .readingThroughLinks).read(9, at: 0)
    }
    for missing in ["/none", "/a/b", ""] {
      #expect {
        _ = try File(scratch.path + missing, for: .readingThroughLinks).read(9, at: 0)
      } throws: {
        ($0 as? SystemError)?.isNoFile == true
      }
    }
  }

  @Test("what was written is read, at its place, and no further than the end")
  func readsAndWrites() throws {
    let file = try File(scratch.path + "/a", for: .creating)
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    try file.write(bytes.span, at: 100)
    try file.synchronize()
    #expect(try file.size == 10_100)
    #expect(try file.read(50, at: 0) == [UInt8](repeating: 0, count: 50))
    #expect(try file.read(20_000, at: 100) == bytes)
    #expect(try file.read(10, at: 20_000) == [])
    #expect(mode(of: file.path) == 0o600)
    try file.truncate(to: 7)
    try file.allocate(5000)
    #expect(try file.size == 5000)
    #expect(throws: SystemError.self) { _ = try File(scratch.path + "/a", for: .creating) }
    #expect(throws: SystemError.self) { _ = try File(scratch.path + "/b", for: .reading) }
  }

  @Test("a folder is made with those above it, and closed to others even if it existed")
  func makesDirectories() throws {
    let directory = Directory(scratch.path + "/x/y/z/")
    try directory.create()
    #expect(mode(of: directory.path) == 0o700)
    unsafe chmod(directory.path, 0o755)
    try directory.create()
    #expect(mode(of: directory.path) == 0o700)
    #expect(directory.parent.path == scratch.path + "/x/y")
    try SystemDisk().create(directory.file("file"))
    #expect(throws: SystemError.self) { try Directory(directory.file("file")).create() }
    #expect(try directory.names() == ["file"])
    #expect(try directory.remove("file"))
    #expect(try !directory.remove("file"))
  }

  @Test("a small file is replaced whole, and read with a bound")
  func replaces() throws {
    let directory = Directory(scratch.path)
    #expect(try directory.read("state", upTo: 10) == nil)
    for text in ["longer text", "short"] {
      let bytes = Array(text.utf8)
      try directory.replace("state", with: bytes.span)
      #expect(try directory.read("state", upTo: 11) == bytes)
    }
    #expect(try directory.names() == ["state"])
    #expect(throws: SystemError.self) { try directory.read("state", upTo: 4) }
  }

  @Test("a lock has one holder, who is named")
  func locks() throws {
    let path = scratch.path + "/lock"
    do {
      let first = try FileLock(path)
      #expect(throws: FileLock.Problem.held(by: getpid())) { _ = try FileLock(path) }
      _ = consume first
    }
    // A test that forks at this moment holds a copy of the descriptor until it has started its child.
    for _ in 0..<10_000 where (try? FileLock(path)) == nil { usleep(1_000) }
    _ = try FileLock(path)
  }

  @Test("a network file system is known by its number, a disk is not one")
  func fileSystems() throws {
    let here = try FileSystem(of: scratch.path)
    #expect(here.networkName == nil && here.freeBytes > 0)
    #expect(FileSystem(freeBytes: 0, type: 0x6969).networkName == "NFS")
  }

  @Test("the disk's seam does what its words say")
  func disk() throws {
    let disk = SystemDisk()
    let path = scratch.path + "/d/file"
    try disk.createDirectory(scratch.path + "/d")
    #expect(try disk.size(of: path) == nil)
    #expect(try disk.read(path, count: 5, at: 0) == [])
    try disk.write([1, 2, 3], to: path, at: 2)
    #expect(try disk.read(path, count: 9, at: 1) == [0, 1, 2, 3])
    try disk.allocate(scratch.path + "/d/ballast", bytes: 100_000)
    #expect(try disk.size(of: scratch.path + "/d/ballast") == 100_000)
    try disk.rename(path, to: scratch.path + "/d/other")
    try disk.remove(path)
    try disk.synchronizeDirectory(scratch.path + "/d")
    #expect(try disk.names(in: scratch.path + "/d") == ["ballast", "other"])
    let lock = try disk.lock(scratch.path + "/d/lock")
    #expect(throws: FileLock.Problem.self) { _ = try disk.lock(scratch.path + "/d/lock") }
    _ = lock
  }
}
