import Compression
import Platform
import Sections

/// The file of a pack that is written, front to back.
final class PackOutput {
  private let file: any DiskFile
  private(set) var end = PackIndex.headerBytes

  /// The head is written.
  init(_ file: any DiskFile) { self.file = file }

  func write(_ bytes: Span<UInt8>) throws(PackProblem) -> PackIndex.Stretch {
    do { try file.write(bytes, at: end) } catch { throw .system(error) }
    let stretch = PackIndex.Stretch(offset: end, count: bytes.count, checksum: crc32c(bytes))
    end = stretch.end
    return stretch
  }

  func synchronize() throws(PackProblem) {
    do { try file.synchronize() } catch { throw .system(error) }
  }
}

/// Takes the extents of one section: a small one is kept whole, and of a larger one each extent is
/// written as it comes.
final class PackSink: ExtentSink {
  private let output: PackOutput
  private let throttle: Throttle
  private var waiting: [Extent] = []
  private var waitingBytes = 0
  private(set) var written: [PackIndex.Stretch] = []
  /// Why nothing more was written.
  private(set) var problem: PackProblem?

  init(_ output: PackOutput, _ throttle: Throttle) {
    self.output = output
    self.throttle = throttle
  }

  /// All extents, if they are few enough bytes for one frame.
  var kept: [Extent]? { written.isEmpty ? waiting : nil }

  func append(_ bytes: Span<UInt8>) throws(SectionProblem) {
    if written.isEmpty, waitingBytes + bytes.count <= PackWriter.packedBytes {
      waiting.append(Extent(bytes))
      waitingBytes += bytes.count
      return
    }
    for extent in waiting {
      try extent.withBytes { bytes throws(SectionProblem) in try write(bytes) }
    }
    waiting = []
    try write(bytes)
  }

  private func write(_ bytes: Span<UInt8>) throws(SectionProblem) {
    throttle.spend(bytes.count)
    do { written.append(try output.write(bytes)) } catch {
      problem = error
      throw .unreadable(extent: written.count)
    }
  }
}
