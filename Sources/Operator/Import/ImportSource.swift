import Crypto
import Platform
import Synchronization

/// What an import reads: a file by its path, or standard input as `-`.
package struct ImportInput: Sendable {
  package var path: String
  package init(path: String) { self.path = path }
  package var isStandardInput: Bool { path == "-" }
}

/// A block of whole lines, and where it stands.
struct ImportBlock {
  /// Its number in the import's book.
  let number: Int
  /// Bytes of the input that are done with it, lines or not.
  let byteCount: Int
  /// The lines in the buffer that was lent, and the place of their first byte in the input.
  let lines: Range<Int>
  let offset: Int
  let isTorn: Bool
  let firstLine: Digest
}

/// The inputs, read one after the other and handed out in blocks, to one thread at a time.
final class ImportSource: Sendable {
  enum Next {
    case block(ImportBlock)
    /// Nothing came for a moment: what was gathered may go.
    case idle
    case end
  }

  /// An input, with what it was when the import began.
  struct Opened: Sendable {
    let path: String
    let facts: InputFile.Facts
    /// SHA-256 of the first KiB, or of all that there is.
    let head: String
    let start: ImportLedger.Place
  }

  private struct State: ~Copyable {
    var input = -1
    var file: InputFile?
    var isRegular = true
    var cutter = LineCutter()
    /// Bytes that were read behind the last whole line.
    var carry: [UInt8] = []
    /// The place of the first byte of `carry`.
    var position = 0
    var firstLine: Digest?
    var isAtEnd = false
  }

  /// More than any event; about 2,000 of the usual ones.
  static let blockBytes = 1 << 20
  /// What of an input's first line stands for the input.
  private static let firstLineBytes = 64 << 10
  static let headBytes = 1 << 10

  let inputs: [Opened]
  private let book: ImportBook
  private let state = Mutex(State())
  private let isStopped = Atomic<Bool>(false)

  init(_ inputs: [Opened], book: ImportBook) {
    self.inputs = inputs
    self.book = book
  }

  /// What a path names at the moment; `resume` says where to go on in it.
  static func open(
    _ input: ImportInput, resume: (InputFile.Facts, _ head: String) -> ImportLedger.Place
  ) throws(SystemError) -> Opened {
    // Only a file of its own can be read twice; what `<` gives us has a position of the shell's.
    let pipe = InputFile.Facts(inode: 0, size: 0, isRegular: false)
    let facts = input.isStandardInput ? pipe : try InputFile.facts(of: input.path)
    guard facts.isRegular else {
      return Opened(path: input.path, facts: pipe, head: "", start: ImportLedger.Place())
    }
    let bytes = try InputFile(input.path).head(headBytes)
    let head = sha256(bytes.span).hex
    return Opened(path: input.path, facts: facts, head: head, start: resume(facts, head))
  }

  private static func file(_ path: String) throws(SystemError) -> InputFile {
    path == "-" ? try InputFile.standardInput() : try InputFile(path)
  }

  /// Has `next` say that all is at its end.
  func stop() { isStopped.store(true, ordering: .relaxed) }
  var hasStopped: Bool { isStopped.load(ordering: .relaxed) }

  /// The next block, in `buffer`, which belongs to the caller.
  func next(into buffer: inout [UInt8]) throws(SystemError) -> Next {
    if buffer.count != Self.blockBytes {
      buffer = [UInt8](repeating: 0, count: Self.blockBytes)
    }
    return try state.withLock { state throws(SystemError) in
      try next(&state, into: &buffer)
    }
  }

  private func next(
    _ state: inout State, into buffer: inout [UInt8]
  ) throws(SystemError) -> Next {
    while !hasStopped {
      if state.file == nil, try !openNext(&state) { return .end }
      var count = state.carry.count
      Self.copy(state.carry, to: &buffer)
      var isAtEnd = false
      var isIdle = false
      while count < buffer.count, !isAtEnd, !isIdle, !hasStopped {
        if !state.isRegular, state.file?.isReady(withinMilliseconds: 250) == false {
          isIdle = true
          continue
        }
        let got = try state.file?.read(into: &buffer, from: count) ?? 0
        count += got
        isAtEnd = got == 0
      }
      let bytes = buffer.span.extracting(0..<count)
      guard let cut = state.cutter.cut(bytes, isFull: count == buffer.count, isEnd: isAtEnd) else {
        state.carry = Self.slice(buffer, 0..<count)
        if isAtEnd { state.file = nil }
        if isIdle { return .idle }
        continue
      }
      let firstLine = state.firstLine ?? Self.digestOfFirstLine(bytes)
      state.firstLine = firstLine
      let offset = state.position + cut.lines.lowerBound
      state.carry = Self.slice(buffer, cut.consumed..<count)
      state.position += cut.consumed
      if isAtEnd { state.file = nil }
      return .block(
        ImportBlock(
          number: book.begin(input: state.input, end: state.position), byteCount: cut.consumed,
          lines: cut.lines, offset: offset, isTorn: cut.isTorn, firstLine: firstLine))
    }
    return .end
  }

  private func openNext(_ state: inout State) throws(SystemError) -> Bool {
    guard state.input + 1 < inputs.count else { return false }
    state.input += 1
    let input = inputs[state.input]
    let file = try Self.file(input.path)
    state.isRegular = try file.facts.isRegular
    state.cutter = LineCutter()
    state.carry = []
    state.position = input.start.bytes
    state.firstLine = nil
    if input.facts.isRegular {
      let head = try file.head(Self.firstLineBytes)
      if !head.isEmpty { state.firstLine = Self.digestOfFirstLine(head.span) }
      try file.seek(to: input.start.bytes)
    }
    state.file = consume file
    return true
  }

  private static func digestOfFirstLine(_ bytes: Span<UInt8>) -> Digest {
    let end = bytes.firstIndex(of: 0x0A) ?? bytes.count
    return sha256(bytes.extracting(0..<min(end, firstLineBytes)))
  }

  private static func copy(_ bytes: [UInt8], to buffer: inout [UInt8]) {
    if bytes.isEmpty { return }
    buffer.replaceSubrange(0..<bytes.count, with: bytes)
  }

  private static func slice(_ buffer: [UInt8], _ range: Range<Int>) -> [UInt8] {
    range.isEmpty ? [] : Array(buffer[range])
  }
}
