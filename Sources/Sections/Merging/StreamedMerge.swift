import Columns
package import Compression
package import Events
import Platform

/// Makes one section of up to eight of one window, column by column, in memory that does not grow with
/// what the columns hold: first the order of all rows is found from people and times (a byte for a row at
/// most, an eighth where rows of one input follow each other), then each column is read in that order and
/// written as it comes.
///
/// The result has the rows of all inputs but those that `dropping` names, each as it was; it answers
/// everything as a section would that was written from these rows at once.
package struct StreamedMerge {
  private let project: ProjectID
  private let window: Window
  private let secret: ProjectSecret
  private let dropping: RowDropping
  private var inputs: [MergeInput] = []

  package static let mostInputs = RowOrder.mostInputs

  /// All sections that are added are of this project and window, and were made with this secret.
  package init(
    project: ProjectID, window: Window, secret: ProjectSecret, dropping: RowDropping = .nothing
  ) {
    self.project = project
    self.window = window
    self.secret = secret
    self.dropping = dropping
  }

  package mutating func add(_ section: Section) throws(SectionProblem) {
    precondition(inputs.count < Self.mostInputs, "more sections than one merge takes")
    guard section.directory.project == project, section.directory.window == window else {
      throw .directory("a section of another project or window")
    }
    inputs.append(try MergeInput(section, secret))
  }

  /// Writes the extents of the result to `sink`, and gives its directory; nil if no row is left.
  package consuming func finish(
    into sink: any ExtentSink & AnyObject, _ compressor: ZstdCompressor,
    _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> SectionDirectory? {
    var stream = ExtentStream(into: sink)
    var people = PersonMerge(inputs, dropping: dropping)
    try people.run(into: &stream)
    let order = people.order
    guard order.taken > 0 else { return nil }
    guard order.taken <= Int(UInt32.max) else { throw .directory("too many rows for one section") }
    var directory = SectionDirectory(project: project, window: window)
    directory.rowCount = order.taken
    directory.peopleRowCount = people.peopleRowCount
    directory.personCount = people.personCount
    directory[.personHighs] = people.places[0]
    directory[.personLows] = people.places[1]
    directory[.personRows] = people.places[2]

    directory.firstIDExtent = try stream.nextExtent()
    var ids = IDMerge(inputs, order: order, mix: secret.ids)
    let root = try ids.run(into: &stream)
    directory.idRoot = root.bytes
    directory.idTimes = ids.times ?? 0...0
    directory.strays = try strays(&stream)
    if case .run = directory.strays { directory.idTimes = idTimes(ids.times) }

    for identity in Identity.allCases {
      let merge = IdentityMerge(inputs, order: order, identity, compressor, decompressor)
      directory.identities[identity.rawValue] = try merge.run(into: &stream)
    }
    var names = MergeNames(seed: .random(in: .min ... .max))
    try context(order, &directory, &names, &stream, compressor, decompressor)
    var rows = RowMerge(inputs, order: order)
    try rows.run(&directory, into: &stream)
    for head in rows.heads.indices {
      let tables = inputs.indices.map { input -> TableInput? in
        let codes = rows.headCodes[input]
        guard let code = codes.firstIndex(where: { $0 == UInt32(head) }) else { return nil }
        let directory = inputs[input].directory
        return TableInput(places: directory.props[code], count: directory.headRows[code])
      }
      var table = TableMerge(
        inputs, tables, order: rows.headOrders[head], compressor, decompressor)
      directory.props.append(try table.run(&names, into: &stream))
    }
    names.describe(in: &directory)
    try stream.close()
    return directory
  }

  /// The strays of all inputs, oldest first; those of rows that are left out too, since an id outlives its
  /// row. One input of which nobody has looked is as good as none.
  private func strays(_ stream: inout ExtentStream) throws(SectionProblem) -> StrayPlaces {
    if inputs.contains(where: { $0.directory.strays == .unknown }) { return .unknown }
    var runs: [StrayRun] = []
    for input in inputs {
      if let run = try input.section.strays(secret.ids) { runs.append(run) }
    }
    if runs.isEmpty { return .none }
    let first = try stream.nextExtent()
    let root = try StrayRun.merge(runs, mix: secret.ids, into: &stream)
    var writer = ByteWriter()
    root.append(to: &writer)
    return .run(root: writer.bytes, firstExtent: first)
  }

  /// The times of all ids that are looked for here: those of strays whose rows are left out, too.
  private func idTimes(_ times: ClosedRange<Int64>?) -> ClosedRange<Int64> {
    let all = inputs.map(\.directory.idTimes) + (times.map { [$0] } ?? [])
    let first = all.map(\.lowerBound).min() ?? 0
    return first...max(first, all.map(\.upperBound).max() ?? 0)
  }

  private func context(
    _ order: RowOrder, _ directory: inout SectionDirectory, _ names: inout MergeNames,
    _ stream: inout ExtentStream, _ compressor: ZstdCompressor, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    var merge = ContextMerge(inputs, order: order, decompressor)
    try merge.run(&names, into: &stream)
    directory[.ctxRows] = merge.place
    directory.ctxCount = merge.objects.taken
    var table = TableMerge(inputs, merge.tables, order: merge.objects, compressor, decompressor)
    directory.ctx = try table.run(&names, into: &stream)
  }
}

extension IDSectionRoot {
  fileprivate var bytes: [UInt8] {
    var writer = ByteWriter()
    append(to: &writer)
    return writer.bytes
  }
}
