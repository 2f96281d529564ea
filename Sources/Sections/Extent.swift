/// Bytes of a file that are read, checked and cached as one: immutable, and shared by whoever reads.
@safe package final class Extent: @unchecked Sendable {
  // Sendable, because nobody writes to the bytes once `init` is over.

  /// So many zero bytes lie behind the content, so that a word can be loaded wherever a value starts.
  static let slack = 8
  /// What one extent is to hold at most where its content can be cut.
  package static let targetByteCount = 65_536

  package let byteCount: Int
  let start: UnsafeRawPointer

  /// `fill` gets `byteCount` bytes of any content and writes them all.
  package init(
    byteCount: Int, filling fill: (UnsafeMutableRawBufferPointer) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    precondition(byteCount >= 0, "an extent of \(byteCount) bytes")
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: byteCount + Self.slack, alignment: 64)
    do {
      try unsafe fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount]))
    } catch {
      unsafe memory.deallocate()
      throw error
    }
    for index in byteCount..<(byteCount + Self.slack) { unsafe memory[index] = 0 }
    self.byteCount = byteCount
    // SAFETY: the slack makes it at least 8 bytes, so there is an address.
    unsafe start = UnsafeRawPointer(memory.baseAddress!)
  }

  package convenience init(_ bytes: Span<UInt8>) {
    // Nothing in this closure throws.
    unsafe try! self.init(byteCount: bytes.count) { memory throws(SectionProblem) in
      for index in bytes.indices { unsafe memory[index] = bytes[index] }
    }
  }

  deinit { unsafe start.deallocate() }

  package func withBytes<R, Problem: Error>(
    _ body: (Span<UInt8>) throws(Problem) -> R
  ) throws(Problem) -> R {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: byteCount)
    // SAFETY: `self` outlives the call, and a span cannot outlive it.
    return try unsafe body(Span<UInt8>(_unsafeBytes: bytes))
  }
}

/// Where extents come from: memory, or a file behind a cache. Callable from any thread.
package protocol ExtentSource: Sendable {
  /// The extent of this number, its bytes verified as those that were written.
  func extent(_ number: Int) throws(SectionProblem) -> Extent
}

/// Where extents go, numbered from 0 in the order of the calls.
package protocol ExtentSink {
  mutating func append(_ bytes: Span<UInt8>) throws(SectionProblem)
}

/// Extents in memory.
package struct MemoryExtents: ExtentSource, ExtentSink {
  package private(set) var extents: [Extent]

  package init(_ extents: [Extent] = []) { self.extents = extents }

  package var byteCount: Int { extents.reduce(0) { $0 + $1.byteCount } }

  package func extent(_ number: Int) throws(SectionProblem) -> Extent {
    guard extents.indices.contains(number) else { throw .unreadable(extent: number) }
    return extents[number]
  }

  package mutating func append(_ bytes: Span<UInt8>) { extents.append(Extent(bytes)) }
}
