private import CLinux
internal import Glibc

/// What keeps a program small that shall run beside others.
package enum ResidentMemory {
  /// Has large blocks go back to the system as soon as they are free. By default the allocator learns
  /// from the first of them to keep such blocks, and then keeps their holes, too: measured on the
  /// collector under full load, 28 MB of anonymous memory became 14.
  ///
  /// To be called before there are other threads.
  package static func returnLargeBlocks() {
    clinux_bound_allocator(128 << 10, 256 << 10)
  }

  /// Lets go of the pages of programs and libraries that only the start has needed: they are clean,
  /// stay in the page cache, and come back where they are used. Returns how many bytes were mapped.
  @discardableResult
  package static func releaseCode() -> Int {
    guard let text = smaps() else { return 0 }
    var released = 0
    var mapping: Range<UInt>?
    for line in text.split(separator: "\n") {
      if let found = header(line) {
        mapping = found.isCode ? found.range : nil
      } else if line.hasPrefix("Anonymous:"), let range = mapping {
        // Where the loader has written, the file's page would be the wrong one.
        guard line.split(separator: " ").dropFirst().first == "0" else { continue }
        let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound)
        // SAFETY: the kernel has just said that this is a clean private mapping of a file, which
        // nobody may write to: its pages are read again from that file when they are next touched.
        if unsafe madvise(start, range.count, MADV_DONTNEED) == 0 { released += range.count }
        mapping = nil
      }
    }
    return released
  }

  /// `7f00-7f10 r-xp 00000000 08:01 1234  /usr/lib/x.so`
  private static func header(_ line: Substring) -> (range: Range<UInt>, isCode: Bool)? {
    let fields = line.split(separator: " ", omittingEmptySubsequences: true)
    guard fields.count >= 5, !fields[0].hasSuffix(":") else { return nil }
    let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    guard ends.count == 2, ends[0] < ends[1] else { return nil }
    let isCode =
      fields.count >= 6 && fields[5].hasPrefix("/") && fields[1].hasPrefix("r")
      && !fields[1].contains("w")
    return (ends[0]..<ends[1], isCode)
  }

  private static func smaps() -> String? {
    let descriptor = unsafe open("/proc/self/smaps", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < 4 << 20 {
      let part = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
        // SAFETY: at most the buffer's size is written, and exactly that is counted.
        count = max(0, unsafe read(descriptor, buffer.baseAddress, buffer.count))
      }
      if part.isEmpty { break }
      bytes += part
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
