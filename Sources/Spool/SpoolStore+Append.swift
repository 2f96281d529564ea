import Events
import Platform
import SQLite

/// The events of one caller, waiting for their commit.
struct AppendRequest: Sendable {
  let project: ProjectID
  let records: [UInt8]
  let ends: [Int]
}

extension SpoolStore {
  /// Keeps the events of a group of requests, all or none, in one transaction. What belongs to one
  /// project becomes one chunk, or several where it is more than the limit of a group.
  /// `alongside` is kept in the same transaction.
  func append(
    _ group: ArraySlice<AppendRequest>, received: Int64? = nil,
    alongside: () throws(SQLiteError) -> Void = {}
  ) throws(SQLiteError) {
    let now = received ?? clock.wallMilliseconds
    try change { () throws(SQLiteError) in
      for (index, requests) in try byProject(group) {
        var ledger = ledgers[index]
        builder.begin(project: ledger.project.text, first: ledger.next, received: now)
        for number in requests {
          try append(group[number], to: &ledger, now: now)
        }
        try storeChunk(of: &ledger)
        try store(&ledger)
        ledgers[index] = ledger
      }
      try alongside()
    }
  }

  private func append(
    _ request: AppendRequest, to ledger: inout ProjectLedger, now: Int64
  ) throws(SQLiteError) {
    let limit = configuration.groupLimit
    var start = 0
    for end in request.ends {
      let isFull =
        builder.count >= limit.events || builder.recordBytes + (end - start) > limit.bytes
      if isFull, builder.count > 0 {
        try storeChunk(of: &ledger)
        builder.begin(project: ledger.project.text, first: ledger.next, received: now)
      }
      builder.append(request.records.span.extracting(start..<end))
      start = end
    }
  }

  private func storeChunk(of ledger: inout ProjectLedger) throws(SQLiteError) {
    guard builder.count > 0 else { return }
    builder.finish()
    try insertChunk(id: ledger.id(of: ledger.next))
    ledger.append(events: builder.count, bytes: builder.recordBytes)
  }

  /// Inserts the chunk that the builder holds.
  func insertChunk(id: Int64) throws(SQLiteError) {
    try database.withStatement(
      "INSERT INTO chunk (id, n, bytes, crc32c, payload) VALUES (?, ?, ?, ?, ?)"
    ) { statement throws(SQLiteError) in
      statement.bind(1, id)
      statement.bind(2, builder.count)
      statement.bind(3, builder.recordBytes)
      try builder.withPayload { payload throws(SQLiteError) in
        statement.bind(4, Int64(crc32c(payload)))
        try statement.run(lending: payload, as: 5)
      }
    }
  }

  /// The numbers of the requests of each project, in the order of the first request of each.
  private func byProject(
    _ group: ArraySlice<AppendRequest>
  ) throws(SQLiteError) -> [(index: Int, requests: [Int])] {
    var parts: [(index: Int, requests: [Int])] = []
    var part: [Int: Int] = [:]
    for number in group.indices where !group[number].ends.isEmpty {
      // Nearly always the project of the request before.
      if let last = parts.last, ledgers[last.index].project == group[number].project {
        parts[parts.count - 1].requests.append(number)
        continue
      }
      let index = try index(of: group[number].project)
      if let known = part[index] {
        parts[known].requests.append(number)
      } else {
        part[index] = parts.count
        parts.append((index, [number]))
      }
    }
    return parts
  }
}
