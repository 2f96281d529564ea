import Batches
import Events

/// Gathers the rows of a section in their order, and lays them out as columns.
///
/// Rows come from sources (decoded batches, other sections), each of which is announced once: what its
/// codes and texts are here is then looked up, not hashed, row by row.
package struct SectionWriter {
  package let window: Window
  var pool: TextPool
  var registry = FieldRegistry()

  var heads: [EventHead] = []
  private var codeOfHead: [EventHead: UInt32] = [:]
  var sources: [String] = []

  var ids: [EventID] = []
  var cts: [Int64] = []
  var sts: [Int64] = []
  var rawRows: [UInt32] = []
  var rawTimes: [Int64] = []
  var headCodes: [UInt32] = []
  var sourceCodes: [UInt32] = []
  /// By `Identity`: the text of each row and one, 0 where it has none.
  var identities: [[UInt32]] = Array(repeating: [], count: Identity.allCases.count)

  /// Each person with the number of rows before; those without a person come last and are none.
  var people: [PersonHash] = []
  var firstRows: [UInt32] = []
  var firstAnonymousRow: Int?

  /// By head.
  var props: [PropertyDraft] = []
  /// The distinct `ctx` in a row, and the rows at which a new one begins.
  var ctx = PropertyDraft()
  var ctxRows: [UInt32] = []
  private var lastCtxCode = UInt32.max
  private var lastCtx: [UInt64] = []

  /// The ids that lie far from their rows, each with the hash of what came first under it.
  var strays: [StrayEntry] = []

  package init(window: Window, seed: UInt64) {
    self.window = window
    pool = TextPool(seed: seed)
  }

  package var rowCount: Int { cts.count }

  /// What stands in a row besides its texts and values.
  struct Row {
    let id: EventID
    let cts: Int64
    let sts: Int64
    let raw: Int64?
    let head: UInt32
    let source: UInt32
  }

  /// The row that follows all rows so far; its identities and objects are added behind it.
  mutating func append(_ row: Row, by person: PersonHash?) {
    let number = UInt32(truncatingIfNeeded: cts.count)
    if let person {
      precondition(firstAnonymousRow == nil, "rows without a person come last")
      if people.last != person {
        people.append(person)
        firstRows.append(number)
      }
    } else if firstAnonymousRow == nil {
      firstAnonymousRow = cts.count
    }
    ids.append(row.id)
    cts.append(row.cts)
    sts.append(row.sts)
    if let raw = row.raw {
      rawRows.append(number)
      rawTimes.append(raw)
    }
    headCodes.append(row.head)
    sourceCodes.append(row.source)
  }

  /// Adds the `props` of the row that was just appended, by the registry's number of their shape.
  mutating func append(props shape: UInt32, ofHead head: UInt32, values: [UInt64]) {
    let code = props[Int(head)].code(of: shape, in: registry)
    props[Int(head)].append(code, values: values.span)
  }

  mutating func append(ctxShape shape: UInt32, values: [UInt64]) {
    append(ctx: ctx.code(of: shape, in: registry), values: values.span)
  }

  /// Adds the `ctx` of the row that was just appended.
  mutating func append(ctx code: UInt32, values: Span<UInt64>) {
    if code == lastCtxCode, Self.isEqual(values, lastCtx.span) { return }
    lastCtxCode = code
    lastCtx.removeAll(keepingCapacity: true)
    for index in values.indices { lastCtx.append(values[index]) }
    ctxRows.append(UInt32(truncatingIfNeeded: cts.count &- 1))
    ctx.append(code, values: values)
  }

  private static func isEqual(_ left: Span<UInt64>, _ right: Span<UInt64>) -> Bool {
    guard left.count == right.count else { return false }
    var index = 0
    while index < left.count {
      if left[index] != right[index] { return false }
      index &+= 1
    }
    return true
  }

  mutating func code(of head: EventHead) -> UInt32 {
    if let code = codeOfHead[head] { return code }
    let code = UInt32(heads.count)
    codeOfHead[head] = code
    heads.append(head)
    props.append(PropertyDraft())
    return code
  }

  mutating func code(ofSource name: String) -> UInt32 {
    if let code = sources.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) {
      return UInt32(code)
    }
    sources.append(name)
    return UInt32(sources.count - 1)
  }
}
