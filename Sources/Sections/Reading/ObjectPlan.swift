import Batches
import Events
import Platform

/// How the objects of one shape are written: bytes that all of them have, and the values in between.
/// Made once for a shape, so that nothing is looked up in the directory for a row.
struct ObjectPlan: Sendable {
  enum Step: Sendable {
    /// Bytes of `bytes`: tags and keys.
    case bytes(Range<Int>)
    /// An object has begun; its length comes once it is known.
    case begin
    case end
    /// The value of a column of the table.
    case value(column: Int)
  }

  private(set) var steps: [Step] = []
  private(set) var bytes: [UInt8] = []
  /// Where the bytes begin that no step has yet.
  private var taken = 0

  /// `columns`: those of the shape's valued fields, in their order.
  init(
    _ shape: [UInt32], columns: [Int], in directory: SectionDirectory
  ) throws(SectionProblem) {
    var writer = ByteWriter()
    var open = [shape.first.map { Self.root(of: $0, in: directory) } ?? 0]
    var valued = 0
    begin(&writer)
    for field in shape {
      let description = directory.fields[Int(field)]
      while let last = open.last, last != description.parent {
        guard open.count > 1 else { throw .column("a shape that is no tree") }
        open.removeLast()
        end(&writer)
      }
      writer.append(text: directory.keys[Int(description.key)])
      if description.kind == .object {
        open.append(field + SectionField.base)
        begin(&writer)
      } else if description.kind.hasValues {
        switch description.kind {
        case .integer: writer.append(Properties.Tag.integer.rawValue)
        case .double: writer.append(Properties.Tag.double.rawValue)
        case .string: writer.append(Properties.Tag.string.rawValue)
        default: break  // Arrays were kept with their tags, truths are tags.
        }
        flush(&writer)
        steps.append(.value(column: columns[valued]))
        valued += 1
      } else {
        writer.append(Properties.Tag.null.rawValue)
      }
    }
    for _ in open { end(&writer) }
    bytes = writer.bytes
  }

  /// Whether the members of a shape are those of `props` or of `ctx`.
  private static func root(of field: UInt32, in directory: SectionDirectory) -> UInt32 {
    var parent = directory.fields[Int(field)].parent
    while parent >= SectionField.base {
      parent = directory.fields[Int(parent - SectionField.base)].parent
    }
    return parent
  }

  private mutating func begin(_ writer: inout ByteWriter) {
    writer.append(Properties.Tag.object.rawValue)
    writer.append(littleEndian: 0 as UInt32)
    flush(&writer)
    steps.append(.begin)
  }

  private mutating func end(_ writer: inout ByteWriter) {
    flush(&writer)
    steps.append(.end)
  }

  private mutating func flush(_ writer: inout ByteWriter) {
    guard writer.count > taken else { return }
    steps.append(.bytes(taken..<writer.count))
    taken = writer.count
  }
}
