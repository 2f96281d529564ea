import Batches
import Events
import Platform
import Sections

/// Where the packs of a store lie, and the memory that reading them may take.
package struct PackFolder: Sendable {
  let directory: Directory
  let disk: any Disk
  let cache: ExtentCache
  /// What must not be unlinked at the moment.
  let pins = PackPins()
  /// The packs that answers are made of, and those that were replaced and are still there.
  package let catalogue = PackCatalogue()

  init(_ path: String, cacheBytes: Int, on disk: any Disk = SystemDisk()) {
    directory = Directory(path)
    self.disk = disk
    cache = ExtentCache(maximumBytes: cacheBytes)
  }

  /// Where files go that nobody can account for: an operator may want them.
  static let lost = "lost+found"

  /// The numbers of the packs that are there. What a crash left unfinished is removed.
  func numbers() throws(SystemError) -> [UInt64] {
    try disk.createDirectory(directory.path)
    var numbers: [UInt64] = []
    for name in try disk.names(in: directory.path) {
      if name.hasSuffix(".pack.tmp") {
        try disk.remove(directory.file(name))
      } else if let number = Pack.number(ofName: name) {
        numbers.append(number)
      }
    }
    return numbers.sorted()
  }

  func open(_ number: UInt64) throws(PackProblem) -> Pack {
    try Pack(directory.file(Pack.name(number)), cache: cache, on: disk)
  }

  /// Begins the file of a pack.
  func begin(_ header: PackIndex.Header) throws(PackProblem) -> PackWriter {
    try PackWriter(header, in: directory, on: disk)
  }

  /// Gives the file of a pack that is complete its name.
  func publish(_ number: UInt64) throws(SystemError) {
    try PackWriter.publish(number, in: directory, on: disk)
  }

  /// Durable after `synchronize`.
  func remove(_ number: UInt64) throws(SystemError) {
    try disk.remove(directory.file(Pack.name(number)))
  }

  func synchronize() throws(SystemError) { try disk.synchronizeDirectory(directory.path) }

  func setAside(_ number: UInt64) throws(SystemError) {
    let lost = directory.directory(Self.lost)
    try disk.createDirectory(lost.path)
    // A number that was put aside before may have come again.
    let names = Set(try disk.names(in: lost.path))
    var name = Pack.name(number)
    var copy = 1
    while names.contains(name) {
      copy += 1
      name = "\(number)-\(copy).pack"
    }
    try disk.rename(directory.file(Pack.name(number)), to: lost.file(name))
    try disk.synchronizeDirectory(lost.path)
    try synchronize()
  }

  /// Removes what a seal or a merge that failed has left.
  func removeUnfinished(_ number: UInt64) {
    for name in [Pack.temporaryName(number), Pack.name(number)] {
      // Whatever stays is found and judged at the next start.
      try? disk.remove(directory.file(name))
    }
  }
}

/// A pack whose events no answer has, and why.
package struct PackTrouble: Equatable, Sendable {
  package let number: UInt64
  package let reason: String
}
