import Platform

/// Reads a WAL file as SQLite's recovery will, before SQLite does, to tell the end that a crash leaves
/// from the end that damage made.
///
/// Recovery takes the frames up to the first whose check fails and silently forgets the rest. After a
/// crash the rest is the transaction that was being written. But every commit is synced before the
/// next transaction writes a frame: so where, behind the failing frame, a commit of this log is
/// followed by any further frame of it, that commit had been promised.
struct WALScan: Equatable, Sendable {
  /// Frames that recovery will take: up to the last commit before the first bad one.
  var frames = 0
  /// A promised commit lies behind a bad frame.
  var isDamaged = false

  static let headerSize = 32
  static let frameHeaderSize = 24

  /// `read` answers `count` bytes from an offset, fewer at the end of the file.
  init<Failure: Error>(
    _ read: (_ count: Int, _ offset: Int) throws(Failure) -> [UInt8]
  ) throws(Failure) {
    let header = try read(Self.headerSize, 0)
    guard header.count == Self.headerSize else { return }
    guard let log = Header(header) else {
      // Written and synced before the first frame: with frames behind it, it has been damaged. A
      // header of zeros is one that never reached the disk.
      isDamaged = header.contains { $0 != 0 }
      return
    }
    var state = log.check
    var number = 0
    var isIntact = true
    var hasLateCommit = false
    let frameSize = Self.frameHeaderSize + log.pageSize
    let batch = max(1, (1 << 20) / frameSize)
    while true {
      let bytes = try read(batch * frameSize, Self.headerSize + number * frameSize)
      for place in 0..<(bytes.count / frameSize) {
        let start = place * frameSize
        let frame = Frame(bytes, at: start)
        number += 1
        if isIntact, frame.belongs(to: log) {
          state.add(bytes.span, start..<(start + 8), bigEndian: log.isBigEndian)
          state.add(
            bytes.span, (start + Self.frameHeaderSize)..<(start + frameSize),
            bigEndian: log.isBigEndian)
          if state == frame.check, frame.page != 0 {
            if frame.isCommit { frames = number }
            continue
          }
        }
        isIntact = false
        guard frame.belongs(to: log) else { continue }
        if hasLateCommit {
          isDamaged = true
          return
        }
        hasLateCommit = frame.isCommit
      }
      if bytes.count < batch * frameSize { return }
    }
  }

  private struct Check: Equatable {
    var first: UInt32
    var second: UInt32

    /// SQLite's own sum over pairs of words; the range is a multiple of eight bytes.
    mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>, bigEndian: Bool) {
      var place = range.lowerBound
      while place < range.upperBound {
        first &+= word(bytes, place, bigEndian) &+ second
        second &+= word(bytes, place &+ 4, bigEndian) &+ first
        place &+= 8
      }
    }

    @inline(__always)
    private func word(_ bytes: Span<UInt8>, _ place: Int, _ bigEndian: Bool) -> UInt32 {
      let word =
        UInt32(bytes[place]) | UInt32(bytes[place &+ 1]) << 8 | UInt32(bytes[place &+ 2]) << 16
        | UInt32(bytes[place &+ 3]) << 24
      return bigEndian ? word.byteSwapped : word
    }
  }

  private struct Header {
    let isBigEndian: Bool
    let pageSize: Int
    let salts: [UInt8]
    let check: Check

    init?(_ bytes: [UInt8]) {
      let magic = number(bytes, 0)
      guard magic | 1 == 0x377F_0683, number(bytes, 4) == 3_007_000 else { return nil }
      isBigEndian = magic & 1 == 1
      pageSize = Int(number(bytes, 8))
      guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0 else { return nil }
      salts = Array(bytes[16..<24])
      var sum = Check(first: 0, second: 0)
      sum.add(bytes.span, 0..<24, bigEndian: isBigEndian)
      check = Check(first: number(bytes, 24), second: number(bytes, 28))
      guard sum == check else { return nil }
    }
  }

  private struct Frame {
    let page: UInt32
    let isCommit: Bool
    let salts: ArraySlice<UInt8>
    let check: Check

    init(_ bytes: [UInt8], at start: Int) {
      page = number(bytes, start)
      isCommit = number(bytes, start + 4) != 0
      salts = bytes[(start + 8)..<(start + 16)]
      check = Check(first: number(bytes, start + 16), second: number(bytes, start + 20))
    }

    func belongs(to log: Header) -> Bool { salts.elementsEqual(log.salts) }
  }
}

private func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
  bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) }
}
