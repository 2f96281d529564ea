package import Batches
import Columns
package import Events

/// The rows of several batches, to be sorted by window, person, time and id, and made into sections.
package struct BatchRows {
  private struct Row {
    let window: Int32
    /// Rows of nobody come behind those of people.
    let isAnonymous: Bool
    let person: PersonHash
    let cts: Int64
    let id: EventID
    let batch: UInt32
    let row: UInt32
  }

  private struct Batch {
    let columns: BatchColumns
    let source: String
    let clockShift: Int64
  }

  private let secret: ProjectSecret
  private let windows: WindowRule
  private var batches: [Batch] = []
  private var rows: [Row] = []

  package init(secret: ProjectSecret, windows: WindowRule) {
    self.secret = secret
    self.windows = windows
  }

  package var count: Int { rows.count }

  /// Adds the rows of a batch for which `isDropped` does not hold.
  package mutating func add(
    _ columns: BatchColumns, from source: String, clockShift: Int64,
    except isDropped: (Int) -> Bool
  ) {
    let core = columns.core
    var people = PersonTexts(core)
    for row in 0..<core.rowCount where !isDropped(row) {
      let cts = SectionWriter.cts(of: row, in: columns, clockShift: clockShift)
      let person = people.person(of: row, in: core, secret.people)
      rows.append(
        Row(
          window: windows.window(of: cts).code, isAnonymous: person == nil,
          person: person ?? PersonHash(high: 0, low: 0), cts: cts, id: core.ids[row],
          batch: UInt32(batches.count), row: UInt32(row)))
    }
    batches.append(Batch(columns: columns, source: source, clockShift: clockShift))
  }

  /// The sections of these rows, one for each window that has some.
  package consuming func sections(project: ProjectID, seed: UInt64) -> [EncodedSection] {
    rows.sort { left, right in
      if left.window != right.window { return left.window < right.window }
      if left.isAnonymous != right.isAnonymous { return right.isAnonymous }
      if left.person != right.person { return left.person < right.person }
      return left.cts != right.cts ? left.cts < right.cts : left.id < right.id
    }
    var sections: [EncodedSection] = []
    var start = 0
    while start < rows.count {
      let window = rows[start].window
      var writer = SectionWriter(window: Window(code: window), seed: seed)
      var sources = batches.map {
        writer.source($0.columns, name: $0.source, clockShift: $0.clockShift)
      }
      var end = start
      while end < rows.count, rows[end].window == window { end += 1 }
      var staged = StagedRows()
      staged.reserve(rows: end - start)
      var places = [Int](repeating: 0, count: end - start)
      for index in byBatch(start..<end) {
        places[index - start] = staged.count
        let batch = Int(rows[index].batch)
        writer.stage(Int(rows[index].row), of: &sources[batch], into: &staged)
      }
      for index in start..<end {
        let row = rows[index]
        writer.append(
          staged, at: places[index - start], id: row.id, cts: row.cts,
          by: row.isAnonymous ? nil : row.person)
      }
      sections.append(writer.finish(project: project, ids: secret.ids))
      start = end
    }
    return sections
  }

  /// The places of these rows, those of one batch after those of another.
  private func byBatch(_ range: Range<Int>) -> [Int] {
    var next = [Int](repeating: 0, count: batches.count + 1)
    for index in range { next[Int(rows[index].batch) + 1] += 1 }
    for batch in batches.indices { next[batch + 1] += next[batch] }
    var order = [Int](repeating: 0, count: range.count)
    for index in range {
      let batch = Int(rows[index].batch)
      order[next[batch]] = index
      next[batch] += 1
    }
    return order
  }
}

/// Which times have a month of their own: the others make the skew family.
package struct WindowRule: Equatable, Sendable {
  package let months: Range<Int64>

  /// Ten years back and two days ahead of this moment.
  package init(now: Int64) {
    months = max(now - 3_653 * 86_400_000, 0)..<(now + 2 * 86_400_000)
  }

  package init(months: Range<Int64>) { self.months = months }

  package func window(of cts: Int64) -> Window { months.contains(cts) ? Window(of: cts) : .skew }
}

/// The hashes of a batch's people, each made once.
package struct PersonTexts {
  private var hashes: [[PersonHash?]]

  package init(_ core: BatchCore) {
    hashes = [core.profiles, core.devices, core.visitors].map {
      Array(repeating: nil, count: $0.dictionary.count)
    }
  }

  /// Who made a row: the profile, else the device, else the visitor; nil for nobody.
  package mutating func person(
    of row: Int, in core: BatchCore, _ hasher: PersonHasher
  ) -> PersonHash? {
    hash(core.profiles, .profile, row, core, hasher)
      ?? hash(core.devices, .device, row, core, hasher)
      ?? hash(core.visitors, .visitor, row, core, hasher)
  }

  @inline(__always)
  private mutating func hash(
    _ column: BatchCore.IdentityColumn, _ kind: PersonKind, _ row: Int, _ core: BatchCore,
    _ hasher: PersonHasher
  ) -> PersonHash? {
    let entry = column.entries[row]
    guard entry != BatchCore.IdentityColumn.nobody else { return nil }
    let kindIndex = Int(kind.rawValue) - 1
    let index = Int(entry) - column.dictionary.lowerBound
    if let known = hashes[kindIndex][index] { return known }
    let texts = core.texts.bytes
    let span = texts.span
    let hash = hasher.hash(kind, span.extracting(core.texts.places[Int(entry)].range))
    hashes[kindIndex][index] = hash
    return hash
  }
}
