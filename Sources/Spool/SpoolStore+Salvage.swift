import Events
import Platform
import SQLite

extension SpoolStore {
  /// Mends the damage that `nextWork` met at the head of what waits (a region that begins with a
  /// damaged chunk, or where chunks are missing): events whose check holds stay and keep their
  /// sequences, what is lost becomes gaps, and what is left of it goes to the quarantine. Everything
  /// in one transaction, and afterwards the region begins behind the damage.
  func mend(
    _ ledger: ProjectLedger, _ region: Range<Int64>, sequence: Int64
  ) throws(SQLiteError) {
    let first = region.lowerBound
    let end = try endOfDamage(ledger, region)
    let index = Int(ledger.number) - 1
    try change { () throws(SQLiteError) in
      var ledger = ledger
      let found = try takeApart(ledger, first..<end)
      // The head leaves the region as stretches of good events and gaps between them.
      if first == ledger.cursor {
        ledger.cursor = end
      } else {
        try removeStretch(of: ledger, at: first)
        ledger.openStretches -= 1
        if end < region.upperBound {
          try insert(
            Stretch(positions: end..<region.upperBound, sequence: sequence + (end - first)),
            of: ledger)
          ledger.openStretches += 1
        }
      }
      var lost: Int64 = 0
      for run in found.runs {
        let start = sequence + (run.positions.lowerBound - first)
        if run.isGood {
          try insert(Stretch(positions: run.positions, sequence: start), of: ledger)
          ledger.openStretches += 1
        } else {
          let count = Int64(run.positions.count)
          try insertGap(of: &ledger, sequence: start, count: count, .damaged)
          lost += count
        }
      }
      for (position, bytes) in found.remains {
        try insertQuarantined(
          bytes, of: ledger, sequence: sequence + (position - first),
          reason: Gap.Reason.damaged.rawValue)
      }
      ledger.remove(events: lost, bytes: found.lostBytes)
      try store(&ledger)
      ledgers[index] = ledger
    }
    mendings += 1
  }

  /// Where the next chunk begins, or the region ends.
  private func endOfDamage(
    _ ledger: ProjectLedger, _ region: Range<Int64>
  ) throws(SQLiteError) -> Int64 {
    try database.withStatement(
      "SELECT id FROM chunk WHERE id > ? AND id < ? ORDER BY id LIMIT 1"
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: region.lowerBound))
      statement.bind(2, ledger.id(of: region.upperBound))
      guard try statement.step() else { return region.upperBound }
      return ProjectLedger.position(ofRow: statement.int64(0))
    }
  }

  private struct Found {
    var runs: [(positions: Range<Int64>, isGood: Bool)] = []
    /// Bytes of what was lost, by the position where they stood.
    var remains: [(Int64, [UInt8])] = []
    var lostBytes: Int64 = 0

    mutating func add(_ positions: Range<Int64>, isGood: Bool) {
      if positions.isEmpty { return }
      if let last = runs.last, last.isGood == isGood {
        runs[runs.count - 1].positions = last.positions.lowerBound..<positions.upperBound
      } else {
        runs.append((positions, isGood))
      }
    }
  }

  /// Replaces the chunk at the head of these positions, if there is one, by chunks of its good events.
  private func takeApart(
    _ ledger: ProjectLedger, _ positions: Range<Int64>
  ) throws(SQLiteError) -> Found {
    var found = Found()
    let first = positions.lowerBound
    let id = ledger.id(of: first)
    let row = try database.withStatement("SELECT payload, bytes FROM chunk WHERE id = ?") {
      statement throws(SQLiteError) -> (payload: [UInt8], bytes: Int64)? in
      statement.bind(1, id)
      return try statement.step() ? (statement.blob(0), statement.int64(1)) : nil
    }
    guard let row else {
      found.add(positions, isGood: false)
      return found
    }
    try removeChunk(id: id)
    found.lostBytes = max(0, row.bytes)
    guard let header = ChunkHeader(row.payload.span), header.first == first,
      header.project == ledger.project.text, Int64(header.count) <= Int64(positions.count)
    else {
      found.remains.append((first, row.payload))
      found.add(positions, isGood: false)
      return found
    }
    let frames = header.salvage(row.payload.span)
    for (number, frame) in frames.enumerated() {
      let position = first + Int64(number)
      found.add(position..<(position + 1), isGood: frame != nil)
    }
    if frames.contains(where: { $0 == nil }) { found.remains.append((first, row.payload)) }
    for run in found.runs where run.isGood {
      builder.begin(
        project: ledger.project.text, first: run.positions.lowerBound, received: header.received)
      for position in run.positions {
        guard let frame = frames[Int(position - first)] else { continue }
        builder.append(row.payload.span.extracting(frame))
      }
      builder.finish()
      try insertChunk(id: ledger.id(of: run.positions.lowerBound))
      found.lostBytes -= Int64(builder.recordBytes)
    }
    found.add((first + Int64(frames.count))..<positions.upperBound, isGood: false)
    found.lostBytes = max(0, found.lostBytes)
    return found
  }

  // MARK: At start

  /// Reads the newest chunks of the projects, `bytes` in all, and counts the damaged and the missing.
  /// Rows that contradict the ledgers make the database unsound.
  func damagedChunksInTail(bytes: Int) throws(SQLiteError) -> Int {
    var budget = bytes
    var damaged = 0
    for ledger in ledgers.sorted(by: { $0.commit > $1.commit }) {
      try refuseRowsBehindTheEnd(of: ledger)
      var end = ledger.next
      try database.withStatement(
        "SELECT id, n, crc32c, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id DESC"
      ) { statement throws(SQLiteError) in
        statement.bind(1, ledger.id(of: ledger.cursor))
        statement.bind(2, ledger.id(of: ledger.next))
        while end > ledger.cursor, budget > 0 {
          guard try statement.step() else {
            damaged += 1
            return
          }
          let first = ProjectLedger.position(ofRow: statement.int64(0))
          budget -= statement.withBlob(3) { $0.count }
          let isSound = isSound(statement)
          if !isSound || first + statement.int64(1) != end { damaged += 1 }
          end = first
        }
      }
    }
    return damaged
  }

  private func refuseRowsBehindTheEnd(of ledger: ProjectLedger) throws(SQLiteError) {
    try database.withStatement(
      """
      SELECT 1 FROM chunk WHERE id >= ?1 AND id < ?2
      UNION ALL SELECT 1 FROM stretch WHERE id >= ?3 AND id < ?2 LIMIT 1
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: ledger.next))
      statement.bind(2, (ledger.number + 1) << ProjectLedger.positionBits)
      statement.bind(3, ledger.id(of: ledger.cursor))
      if try statement.step() { throw Self.unsound("project") }
    }
  }
}
