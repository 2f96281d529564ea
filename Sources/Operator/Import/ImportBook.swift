import Synchronization

/// What has become of each byte of the inputs: blocks are begun in their order, read and settled in any
/// order. Up to the first block that is not settled, everything is in the store, or refused for good.
struct ImportLedger {
  private struct Block {
    var input: Int
    var end: Int
    /// Nil until the block has been read to its end.
    var lines: Int?
    /// Events that were read and are not settled. Settling may overtake the end of reading.
    var pending = 0

    var isSettled: Bool { lines != nil && pending == 0 }
  }

  /// A place in an input: everything before it is done.
  struct Place: Equatable, Sendable {
    var bytes = 0
    var lines = 0
  }

  private var blocks: [Block] = []
  /// Lines of the input before each block, as far as all before it have been read.
  private var linesBefore: [Int] = []
  private var starts: [Place]
  /// For each input the end of what is settled without a gap.
  private(set) var frontiers: [Place]
  private var firstUnsettled = 0

  /// `starts`: where each input is gone on from.
  init(starts: [Place]) {
    self.starts = starts
    frontiers = starts
  }

  /// A block of an input was taken, which ends at this byte; the answer is its number.
  mutating func begin(input: Int, end: Int) -> Int {
    blocks.append(Block(input: input, end: end))
    return blocks.count - 1
  }

  /// The block was read to its end: so many lines, so many of them events on their way.
  mutating func finishReading(_ block: Int, lines: Int, events: Int) {
    blocks[block].lines = lines
    blocks[block].pending += events
    advance()
  }

  /// So many events of the block are in the store, or refused for good.
  mutating func settle(_ events: Int, of block: Int) {
    blocks[block].pending -= events
    advance()
  }

  private mutating func advance() {
    while firstUnsettled < blocks.count, blocks[firstUnsettled].isSettled {
      let block = blocks[firstUnsettled]
      frontiers[block.input].bytes = block.end
      frontiers[block.input].lines += block.lines ?? 0
      firstUnsettled += 1
    }
  }

  /// The number of a line in its input, from 1 on; nil while a block before it is being read.
  mutating func lineNumber(_ line: Int, of block: Int) -> Int? {
    while linesBefore.count <= block {
      guard let previous = linesBefore.indices.last else {
        linesBefore.append(starts[blocks[0].input].lines)
        continue
      }
      let next = blocks[previous + 1]
      if next.input != blocks[previous].input {
        linesBefore.append(starts[next.input].lines)
      } else if let lines = blocks[previous].lines {
        linesBefore.append(linesBefore[previous] + lines)
      } else {
        return nil
      }
    }
    return linesBefore[block] + line + 1
  }

  func input(of block: Int) -> Int { blocks[block].input }
}

/// What an import has done so far, for all of its threads.
final class ImportBook: Sendable {
  struct Totals: Equatable, Sendable {
    var bytes = 0
    var lines = 0
    var accepted = 0
    /// Events that were in the store already; where the other side tells.
    var duplicates = 0
    var refused = 0
    var batches = 0
    /// Attempts that came to nothing, and were made again.
    var retries = 0
    /// What stands in the way at the moment, where something does.
    var obstacle: String?
  }

  /// Lines that were refused for one reason.
  struct Refusals: Sendable {
    var count = 0
    var reason: String
    var first: [(block: Int, line: Int)] = []
    static let kept = 10
  }

  private struct State {
    var ledger: ImportLedger
    var totals = Totals()
    var refusals: [String: Refusals] = [:]
  }

  private let state: Mutex<State>

  init(starts: [ImportLedger.Place]) { state = Mutex(State(ledger: ImportLedger(starts: starts))) }

  var totals: Totals { state.withLock { $0.totals } }
  /// For each input up to where everything is settled.
  var frontiers: [ImportLedger.Place] { state.withLock { $0.ledger.frontiers } }

  func begin(input: Int, end: Int) -> Int {
    state.withLock { $0.ledger.begin(input: input, end: end) }
  }

  func finishReading(_ block: Int, bytes: Int, lines: Int, events: Int) {
    state.withLock {
      $0.ledger.finishReading(block, lines: lines, events: events)
      $0.totals.bytes += bytes
      $0.totals.lines += lines
    }
  }

  /// A batch was answered: `rows` says how many of its events came from which block.
  func settle(_ rows: [(block: Int, events: Int)], accepted: Int, duplicates: Int) {
    state.withLock {
      for (block, events) in rows { $0.ledger.settle(events, of: block) }
      $0.totals.accepted += accepted
      $0.totals.duplicates += duplicates
      $0.totals.batches += 1
      $0.totals.obstacle = nil
    }
  }

  func refuse(_ code: String, _ reason: String, block: Int, line: Int) {
    state.withLock {
      $0.totals.refused += 1
      var refusals = $0.refusals[code] ?? Refusals(reason: reason)
      refusals.count += 1
      // Two threads refuse; the earliest lines are the ones to show.
      let place = refusals.first.firstIndex { ($0.block, $0.line) > (block, line) }
      refusals.first.insert((block, line), at: place ?? refusals.first.count)
      if refusals.first.count > Refusals.kept { refusals.first.removeLast() }
      $0.refusals[code] = refusals
    }
  }

  func noteRetry(_ obstacle: String) {
    state.withLock {
      $0.totals.retries += 1
      $0.totals.obstacle = obstacle
    }
  }

  /// The reasons, the most frequent first, each with the first lines as (input, line number).
  func refusals() -> [ImportReport.Refusal] {
    state.withLock { state in
      var ledger = state.ledger
      let sorted = state.refusals.sorted {
        ($1.value.count, $0.key) < ($0.value.count, $1.key)
      }
      return sorted.map { code, refusals in
        ImportReport.Refusal(
          code: code, reason: refusals.reason, count: refusals.count,
          lines: refusals.first.compactMap { place in
            ledger.lineNumber(place.line, of: place.block).map {
              ImportReport.Line(input: ledger.input(of: place.block), number: $0)
            }
          })
      }
    }
  }
}
