import Batches
package import Calendar
import Columns
package import Query
package import Sections

extension PropertyNamesQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      let profiles = try await attempt.profiles(for: scope, [selector])
      let filter: EventFilter
      do throws(QueryError) {
        filter = try EventFilter(scope, selector, profiles: profiles)
      } catch {
        throw .question(error)
      }
      let sections = attempt.sections
      let parts = try await attempt.threads.run(steps: sections.count, within: attempt.budget) {
        steps throws(KernelFailure) in
        var names = PropertyNames(root)
        while let number = try steps.next() {
          try KernelFailure.naming(number) { () throws(SectionProblem) in
            try names.add(sections[number], number, filter)
          }
        }
        return names
      }
      var names = PropertyNames(root)
      for part in parts { names.add(part) }
      return Answer(
        names.content(startingWith: prefix, limit: limit),
        by: Definition(of: self, asOf: asOf))
    }
  }
}

/// Counts the names of properties: how many rows have an object of each shape, then what each shape has.
private struct PropertyNames: Sendable {
  private let root: PropertyNamesQuestion.Root
  private var names: [PropertyPath: PropertyNamesQuestion.Name] = [:]

  init(_ root: PropertyNamesQuestion.Root) { self.root = root }

  mutating func add(
    _ section: Section, _ number: Int, _ filter: EventFilter
  ) throws(SectionProblem) {
    let reader = try BlockReader(section)
    let blocks = try BlockFilter(filter, section: number, reader)
    if blocks.isEmpty { return }
    var counts = [Int](repeating: 0, count: section.directory.shapes.count)
    let heads = blocks.heads.indices.filter { blocks.heads[$0] == 1 }
    var tables: [(head: Int, table: PropertyTable, codes: CodeCursor)] = []
    if root == .props {
      for head in heads {
        let table = try section.props(ofHead: head)
        tables.append((head, table, try table.shapeCodes()))
      }
      try reader.announce(heads)
    } else {
      let table = try section.ctx()
      tables.append((0, table, try table.shapeCodes()))
    }
    let isMeant = Mask()
    for block in 0..<section.blockCount {
      try reader.load(block)
      let count = try blocks.load(reader)
      if count == 0 { continue }
      BlockLoops.fill(isMeant, reader.count, with: false)
      for index in 0..<count { isMeant[Int(blocks.rows[index])] = 1 }
      for place in tables.indices {
        if root == .props {
          try reader.withRows(ofHead: tables[place].head) {
            (rows: Span<UInt16>, objects: Range<Int>) throws(SectionProblem) in
            for index in rows.indices where isMeant[Int(rows[index])] == 1 {
              let shape = try Self.shape(objects.lowerBound + index, &tables[place])
              counts[shape] += 1
            }
          }
        } else {
          let runs = try reader.runs(of: nil)
          for run in runs.starts.indices {
            let end = run + 1 < runs.starts.count ? Int(runs.starts[run + 1]) : reader.count
            var rows = 0
            for row in Int(runs.starts[run])..<end { rows += Int(isMeant[row]) }
            if rows > 0 { counts[try Self.shape(runs.first + run, &tables[place])] += rows }
          }
        }
      }
    }
    for (shape, count) in counts.enumerated() where count > 0 {
      add(section.directory, shape, count)
    }
  }

  /// The section's shape of an object.
  private static func shape(
    _ object: Int, _ table: inout (head: Int, table: PropertyTable, codes: CodeCursor)
  ) throws(SectionProblem) -> Int {
    guard object < table.table.count else { throw .column("no object \(object)") }
    try table.codes.load(object / Section.blockRows)
    let code = Int(table.codes.values[object % Section.blockRows])
    return Int(table.table.shapes[code])
  }

  private mutating func add(_ directory: SectionDirectory, _ shape: Int, _ rows: Int) {
    for field in directory.shapes[shape] {
      guard let kind = Self.kind(of: directory.fields[Int(field)].kind) else { continue }
      var keys: [String] = []
      var place = Int(field)
      while true {
        keys.append(directory.keys[Int(directory.fields[place].key)])
        let parent = directory.fields[place].parent
        guard parent >= SectionField.base else { break }
        place = Int(parent - SectionField.base)
      }
      let path: PropertyPath
      // A path that nobody can write completes nothing.
      guard let found = try? PropertyPath(root == .props ? .props : .ctx, keys.reversed())
      else { continue }
      path = found
      names[path, default: PropertyNamesQuestion.Name(path: path, kinds: [], events: 0)]
        .add(kind, rows)
    }
  }

  private static func kind(of kind: FieldKind) -> ValueKinds? {
    switch kind {
    case .null, .object: nil
    case .bool: .bool
    case .integer, .double: .number
    case .string: .text
    case .array: .list
    }
  }

  mutating func add(_ other: PropertyNames) {
    for (path, name) in other.names {
      names[path, default: PropertyNamesQuestion.Name(path: path, kinds: [], events: 0)]
        .add(name.kinds, name.events)
    }
  }

  func content(startingWith prefix: String, limit: Int) -> PropertyNamesQuestion.Content {
    let start = Array((root.rawValue + "." + prefix).utf8)
    let found = names.values.filter { $0.path.description.utf8.starts(with: start) }
    let sorted = found.sorted { left, right in
      left.events == right.events
        ? left.path.description.utf8.lexicographicallyPrecedes(right.path.description.utf8)
        : left.events > right.events
    }
    return PropertyNamesQuestion.Content(
      names: Array(sorted.prefix(limit)), hasMore: sorted.count > limit)
  }
}

extension PropertyNamesQuestion.Name {
  fileprivate mutating func add(_ kinds: ValueKinds, _ events: Int) {
    self.kinds.formUnion(kinds)
    self.events += events
  }
}
