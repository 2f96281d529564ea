import Events
import Query
import Sections

/// Finds the place of a path in a section, for values of either sort.
enum PathValues {
  /// Says whether a path can be asked for at all.
  static func check(_ path: PropertyPath, _ profiles: ProfileSource?) throws(QueryError) {
    switch path.place {
    case .field(.id), .field(.person): throw .unanswered(path)
    case .key(.profile, _): if profiles == nil { throw .unanswered(path) }
    default: return
    }
  }

  /// The numbers of values as groups have them; `heads` are those whose rows are looked at.
  static func groups(
    at path: PropertyPath, heads: [Int], of reader: BlockReader, _ numbers: ValueNumbers,
    section: Int, _ profiles: ProfileSource?
  ) throws(SectionProblem) -> RowValues<GroupColumn> {
    func number(_ value: Value) -> GroupNumber { GroupNumber(number: numbers.number(of: value)) }
    let directory = reader.section.directory
    let context = GroupContext(numbers: numbers)
    switch path.place {
    case .key(.props, let keys):
      return RowValues(nil, try PropertyValues(keys, heads: heads, of: reader, context))
    case .key(.ctx, let keys): return RowValues(try SharedValues(ctx: keys, of: reader, context))
    case .key(.any, let keys): return try any(keys, heads, reader, context)
    case .visit(let part):
      let told = GroupContext(numbers: numbers, visits: VisitTexts(part))
      let source =
        switch part.source {
        case .userAgent:
          RowValues(
            try SharedValues<GroupColumn>(ctx: [VisitPart.userAgentKey], of: reader, told))
        case .referrer: try any([VisitPart.referrerKey], heads, reader, told)
        }
      return try any([part.rawValue], heads, reader, context).or(source)
    case .key(.profile, let keys):
      return try groups(ofProfiles: keys, profiles, section: section, of: reader, numbers)
    case .field(let field):
      switch field {
      case .name: return RowValues(byHead: directory.heads.map { number(.string($0.name)) })
      case .kind:
        return RowValues(
          byHead: directory.heads.map { number(.string(String(describing: $0.kind))) })
      case .interactive:
        return RowValues(
          byHead: directory.heads.map { number(.bool($0.flags.contains(.interactive))) })
      case .source:
        return RowValues(bySource: directory.sources.map { number(.string($0)) })
      case .cts: return RowValues(isReceipt: false) { number(.integer($0)) }
      case .sts: return RowValues(isReceipt: true) { number(.integer($0)) }
      case .profile: return try identity(.profile, of: reader, numbers)
      case .device: return try identity(.device, of: reader, numbers)
      case .visitor: return try identity(.visitor, of: reader, numbers)
      case .session: return try identity(.session, of: reader, numbers)
      case .id, .person: return RowValues(byHead: directory.heads.map { _ in .absent })
      }
    }
  }

  private static func identity(
    _ identity: Identity, of reader: BlockReader, _ numbers: ValueNumbers
  ) throws(SectionProblem) -> RowValues<GroupColumn> {
    let texts = try reader.section.texts(of: identity, reader.decompressor)
    return RowValues(
      SharedValues(identity, GroupColumn(identity: texts, GroupContext(numbers: numbers))))
  }

  private static func any(
    _ keys: [String], _ heads: [Int], _ reader: BlockReader, _ context: GroupContext
  ) throws(SectionProblem) -> RowValues<GroupColumn> {
    RowValues(
      try SharedValues(ctx: keys, of: reader, context),
      try PropertyValues(keys, heads: heads, of: reader, context))
  }

  static func numbers(
    at path: PropertyPath, heads: [Int], of reader: BlockReader, section: Int,
    _ profiles: ProfileSource?
  ) throws(SectionProblem) -> RowValues<NumberColumn> {
    switch path.place {
    case .key(.profile, let keys):
      return try numbers(ofProfiles: keys, profiles, section: section, of: reader)
    case .key(.props, let keys):
      return RowValues(nil, try PropertyValues(keys, heads: heads, of: reader, ()))
    case .key(.ctx, let keys): return RowValues(try SharedValues(ctx: keys, of: reader, ()))
    case .key(.any, let keys):
      return RowValues(
        try SharedValues(ctx: keys, of: reader, ()),
        try PropertyValues(keys, heads: heads, of: reader, ()))
    case .visit(let part):
      // What is told is a text.
      let keys = [part.rawValue]
      return RowValues(
        try SharedValues(ctx: keys, of: reader, ()),
        try PropertyValues(keys, heads: heads, of: reader, ()))
    case .field(.cts), .field(.sts):
      return RowValues(isReceipt: path.place == .field(.sts)) {
        Number(kind: .integer, bits: UInt64(bitPattern: $0))
      }
    default:
      return RowValues(byHead: reader.section.directory.heads.map { _ in .other })
    }
  }
}
