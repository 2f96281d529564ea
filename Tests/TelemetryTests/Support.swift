import Glibc
import Platform
import Synchronization

/// A clock that a test sets.
final class HandClock: Clock {
  private let wall: Atomic<Int64>
  private let monotonic: Atomic<UInt64>

  init(wall: Int64 = 0) {
    self.wall = Atomic(wall)
    monotonic = Atomic(1_000_000_000)
  }

  var wallMilliseconds: Int64 { wall.load(ordering: .relaxed) }
  var monotonicNanoseconds: UInt64 { monotonic.load(ordering: .relaxed) }
  func sleep(for duration: Duration) async { advance(by: duration) }

  func advance(by duration: Duration) {
    monotonic.wrappingAdd(UInt64(duration.wholeNanoseconds), ordering: .relaxed)
    wall.wrappingAdd(duration.wholeMilliseconds, ordering: .relaxed)
  }
}

/// A pair of sockets that keep what was written apart: one read finds what one write wrote.
final class LinePipe: Sendable {
  let writeEnd: CInt
  private let readEnd: CInt

  init() {
    var ends: [CInt] = [0, 0]
    // 0o4000 is SOCK_NONBLOCK, which Glibc's module does not show.
    _ = unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | 0o4000, 0, &ends)
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// What one `read` finds there, nil where there is nothing.
  func next() -> String? {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(unsafe read(readEnd, buffer.baseAddress, buffer.count), 0)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// Everything written so far, one text for each write, without its line feed.
  func lines() -> [String] {
    var lines: [String] = []
    while let line = next() { lines.append(line.hasSuffix("\n") ? String(line.dropLast()) : line) }
    return lines
  }
}
