import Columns
import Events
import Query
import Sections

/// One section's rows for an export: for one thread.
final class ExportReader {
  private let reader: BlockReader
  private let filter: BlockFilter
  private let lines: ExportLines
  private let memory: SpellMemory
  private var cells: [RowValues<SpellColumn>] = []
  private var values: [BlockBuffer<Spelled>] = []
  private var ids: IDCursor

  init(
    _ section: Section, _ number: Int, _ filter: EventFilter, _ paths: [PropertyPath],
    _ lines: ExportLines, _ secret: ProjectSecret, _ keys: KeyShelf
  ) throws(SectionProblem) {
    reader = try BlockReader(section)
    self.filter = try BlockFilter(filter, section: number, reader)
    self.lines = lines
    memory = SpellMemory(lines.format)
    ids = IDCursor(try section.ids(secret.ids), section: number, keys)
    if self.filter.isEmpty { return }
    let heads = section.heads.indices.filter { self.filter.heads[$0] == 1 }
    for path in paths {
      cells.append(try SpelledPath.values(at: path, heads: heads, of: reader, memory))
    }
    values = cells.map(\.values)
  }

  var byteCount: Int { memory.byteCount }

  /// Adds the lines of a block.
  func read(_ block: Int, to found: FoundLines) throws(SectionProblem) {
    if filter.isEmpty { return }
    try reader.load(block)
    let count = try filter.load(reader)
    if count == 0 { return }
    memory.ofBlock.removeAll()
    for cell in cells.indices { try cells[cell].load(reader) }
    let rows = filter.rows
    // SAFETY: so many rows are in the list, which lives until the end of the call.
    let list = unsafe UnsafeBufferPointer(start: rows.start, count: count).span
    defer { extendLifetime(rows) }
    let times = reader.times.values
    try ids.load(list, ofBlock: block, times.span)
    let events = ids.values
    lines.add(list, times.span, events.span, values, memory, to: found)
  }
}
