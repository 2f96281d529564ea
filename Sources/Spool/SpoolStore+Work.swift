import Events
import Platform
import SQLite

extension SpoolStore {
  /// What comes next, a project after the other: gaps first, then what must be sealed again, then
  /// the oldest events that were never sealed. Nil when there is nothing. What turns out to be
  /// damaged is mended on the way, and the call goes on behind it.
  func nextWork(
    _ limit: BlockLimit, of project: ProjectID? = nil, except others: Set<ProjectID> = []
  ) throws(SQLiteError) -> Work? {
    for step in 0..<ledgers.count {
      let index = (turn + step) % ledgers.count
      if let project, ledgers[index].project != project { continue }
      if others.contains(ledgers[index].project) { continue }
      while ledgers[index].hasWork {
        if let work = try work(ofProjectAt: index, limit) {
          turn = index + 1
          return work
        }
      }
    }
    return nil
  }

  /// Nil when damage was found and mended, so that the caller looks again; every such step takes
  /// something away from what waits, so this ends.
  private func work(ofProjectAt index: Int, _ limit: BlockLimit) throws(SQLiteError) -> Work? {
    let ledger = ledgers[index]
    if ledger.openGaps > 0 {
      guard let gap = try firstOpenGap(of: ledger) else { return nil }
      return Work(
        project: ledger.project, epoch: epoch, batch: ledger.nextBatch, firstSequence: gap.sequence,
        content: .gap(gap), received: gap.wallMilliseconds, remaining: ledger.unsealedEvents,
        position: 0)
    }
    if ledger.openStretches > 0, let stretch = try firstOpenStretch(of: ledger) {
      return try events(of: ledger, stretch.positions, from: stretch.sequence, limit)
    }
    guard ledger.unsealedEvents > 0 else {
      throw Self.unsound("stretch")  // Counted, but not there.
    }
    return try events(
      of: ledger, ledger.cursor..<ledger.next, from: ledger.cursor - ledger.offset, limit)
  }

  private func events(
    of ledger: ProjectLedger, _ positions: Range<Int64>, from sequence: Int64, _ limit: BlockLimit
  ) throws(SQLiteError) -> Work? {
    var block = EventBlock()
    var received: Int64 = 0
    var isDamaged = false
    var end = positions.lowerBound
    try database.withStatement(
      "SELECT id, n, crc32c, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id"
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: positions.lowerBound))
      statement.bind(2, ledger.id(of: positions.upperBound))
      while end < positions.upperBound {
        guard try statement.step() else {
          isDamaged = true
          return
        }
        let first = ProjectLedger.position(ofRow: statement.int64(0))
        guard first == end else {
          isDamaged = true
          return
        }
        let count = statement.int64(1)
        let before = block.count
        let outcome = statement.withBlob(3) { payload -> Int? in
          guard let header = ChunkHeader(payload), header.first == first,
            header.count == count, header.project == ledger.project.text,
            first + count <= positions.upperBound,
            Int64(crc32c(payload)) == statement.int64(2)
          else { return nil }
          if block.isEmpty { received = header.received }
          return header.read(payload, from: 0, into: &block, limit: limit)
        }
        guard let taken = outcome else {
          block.truncate(to: before)
          isDamaged = true
          return
        }
        end += Int64(taken)
        if taken < count { return }
      }
    }
    // What is good before the damage goes first; then the damage is the first thing met.
    if block.isEmpty, isDamaged {
      try mend(ledger, positions, sequence: sequence)
      return nil
    }
    return Work(
      project: ledger.project, epoch: epoch, batch: ledger.nextBatch, firstSequence: sequence,
      content: .events(block), received: received, remaining: ledger.next - end,
      position: positions.lowerBound)
  }

  struct Stretch {
    var positions: Range<Int64>
    var sequence: Int64
    var batch: Int64?
  }

  private func firstOpenStretch(of ledger: ProjectLedger) throws(SQLiteError) -> Stretch? {
    try database.withStatement(
      """
      SELECT id, count, sequence FROM stretch
      WHERE id >= ? AND id < ? AND batch IS NULL ORDER BY id LIMIT 1
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.cursor))
      guard try statement.step() else { return nil }
      let first = ProjectLedger.position(ofRow: statement.int64(0))
      return Stretch(
        positions: first..<(first + statement.int64(1)), sequence: statement.int64(2), batch: nil)
    }
  }

  // MARK: Sealing

  /// Keeps the bytes that every attempt will send, under the numbers of `work`. False, and nothing is
  /// changed, where the work is no longer what comes next: it was sealed already, or the epoch is
  /// another.
  func seal(_ work: Work, bytes: [UInt8]) throws(SQLiteError) -> Bool {
    guard let index = numbers[work.project], work.epoch == epoch,
      work.batch == ledgers[index].nextBatch
    else { return false }
    switch work.content {
    case .events(let block):
      return try seal(block.count, of: work, at: index, bytes: bytes)
    case .gap(let gap):
      return try sealGap(gap, of: work, at: index, bytes: bytes)
    }
  }

  private func seal(
    _ count: Int, of work: Work, at index: Int, bytes: [UInt8]
  ) throws(SQLiteError) -> Bool {
    var ledger = ledgers[index]
    let end = work.position + Int64(count)
    if work.position == ledger.cursor, end <= ledger.next {
      guard work.firstSequence == ledger.cursor - ledger.offset else { return false }
      try change { () throws(SQLiteError) in
        guard try splitChunks(of: ledger, at: [end]) else { throw Self.unsound("chunk") }
        ledger.cursor = end
        try finishSeal(work, count, &ledger, bytes: bytes)
      }
      ledgers[index] = ledger
      return true
    }
    guard let open = try firstOpenStretch(of: ledger), open.positions.lowerBound == work.position,
      end <= open.positions.upperBound, open.sequence == work.firstSequence
    else { return false }
    try change { () throws(SQLiteError) in
      guard try splitChunks(of: ledger, at: [end]) else { throw Self.unsound("chunk") }
      try removeStretch(of: ledger, at: work.position)
      ledger.openStretches -= 1
      if end < open.positions.upperBound {
        try insert(
          Stretch(
            positions: end..<open.positions.upperBound, sequence: open.sequence + Int64(count)),
          of: ledger)
        ledger.openStretches += 1
      }
      try finishSeal(work, count, &ledger, bytes: bytes)
    }
    ledgers[index] = ledger
    return true
  }

  private func finishSeal(
    _ work: Work, _ count: Int, _ ledger: inout ProjectLedger, bytes: [UInt8]
  ) throws(SQLiteError) {
    let stretch = Stretch(
      positions: work.position..<(work.position + Int64(count)), sequence: work.firstSequence,
      batch: work.batch)
    try insert(stretch, of: ledger, bytes: bytes)
    ledger.nextBatch += 1
    try store(&ledger)
  }

  private func sealGap(
    _ gap: Gap, of work: Work, at index: Int, bytes: [UInt8]
  ) throws(SQLiteError) -> Bool {
    var ledger = ledgers[index]
    guard try firstOpenGap(of: ledger) == gap else { return false }
    try change { () throws(SQLiteError) in
      try seal(gap, of: ledger, batch: work.batch, bytes: bytes)
      ledger.openGaps -= 1
      ledger.nextBatch += 1
      try store(&ledger)
    }
    ledgers[index] = ledger
    return true
  }

  /// Inserts a row; without a batch number it waits to be sealed.
  func insert(
    _ stretch: Stretch, of ledger: ProjectLedger, bytes: [UInt8] = []
  ) throws(SQLiteError) {
    let id = ledger.id(of: stretch.positions.lowerBound)
    try database.withStatement(
      "INSERT INTO stretch (id, count, sequence, batch, check_sum, bytes) VALUES (?, ?, ?, ?, ?, ?)"
    ) { statement throws(SQLiteError) in
      statement.bind(1, id)
      statement.bind(2, Int64(stretch.positions.count))
      statement.bind(3, stretch.sequence)
      if let batch = stretch.batch { statement.bind(4, batch) } else { statement.bindNull(4) }
      statement.bind(5, Self.checksum(stretch, id: id, bytes: bytes))
      try statement.run(lending: bytes.span, as: 6)
    }
  }

  static func checksum(_ stretch: Stretch, id: Int64, bytes: [UInt8]) -> Int64 {
    var writer = ByteWriter(capacity: 32)
    for value in [id, Int64(stretch.positions.count), stretch.sequence, stretch.batch ?? -1] {
      writer.append(littleEndian: value)
    }
    return Int64(crc32c(bytes.span, continuing: crc32c(writer.bytes.span)))
  }

  func removeStretch(of ledger: ProjectLedger, at position: Int64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM stretch WHERE id = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: position))
      try statement.run()
      guard database.changes == 1 else { throw Self.unsound("stretch") }
    }
  }

  /// Makes each of these positions the first of a chunk, so that what is sealed is made of whole
  /// chunks. False, and nothing more is changed, where a chunk to be cut is damaged.
  func splitChunks(
    of ledger: ProjectLedger, at positions: [Int64]
  ) throws(SQLiteError) -> Bool {
    var rest = positions[...]
    while let position = rest.first {
      guard position < ledger.next, let chunk = try chunk(of: ledger, around: position) else {
        rest = rest.dropFirst()
        continue
      }
      guard let header = ChunkHeader(chunk.payload.span), header.first == chunk.first else {
        return false
      }
      let end = header.first + Int64(header.count)
      let frames = header.salvage(chunk.payload.span).compactMap(\.self)
      guard end > position, frames.count == header.count else { return false }
      try removeChunk(id: ledger.id(of: header.first))
      let cuts = rest.prefix { $0 < end }
      for (start, end) in zip([header.first] + cuts, cuts + [end]) {
        builder.begin(project: ledger.project.text, first: start, received: header.received)
        for number in Int(start - header.first)..<Int(end - header.first) {
          builder.append(chunk.payload.span.extracting(frames[number]))
        }
        builder.finish()
        try insertChunk(id: ledger.id(of: start))
      }
      rest = rest.dropFirst(cuts.count)
    }
    return true
  }

  /// The chunk that begins before `position`, if it reaches beyond it.
  private func chunk(
    of ledger: ProjectLedger, around position: Int64
  ) throws(SQLiteError) -> (first: Int64, payload: [UInt8])? {
    try database.withStatement(
      "SELECT id, n, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1"
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: position))
      guard try statement.step() else { return nil }
      let first = ProjectLedger.position(ofRow: statement.int64(0))
      guard first + statement.int64(1) > position else { return nil }
      return (first, statement.blob(2))
    }
  }

  func removeChunk(id: Int64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM chunk WHERE id = ?") { statement throws(SQLiteError) in
      statement.bind(1, id)
      try statement.run()
      guard database.changes == 1 else { throw Self.unsound("chunk") }
    }
  }
}
