import Batches
import Columns
import Compression
import Query
import Sections

/// What a kernel makes of the values at a path: numbers for groups, numbers to add up.
protocol RowValue: BitwiseCopyable {
  /// Of no value, or null.
  static var absent: Self { get }
  /// Of objects and arrays.
  static var other: Self { get }
  var isAbsent: Bool { get }
}

/// A value's number among those of its question.
struct GroupNumber: RowValue {
  var number: UInt32

  /// What is absent and what is no scalar are both in the group None, but are told apart until then:
  /// `any` looks on where there is nothing.
  static let absent = GroupNumber(number: .max)
  @inline(__always)
  var isAbsent: Bool { number == .max }
  static let other = GroupNumber(number: ValueNumbers.none)
}

/// A number of either kind, or none.
struct Number: RowValue {
  enum Kind: UInt64, BitwiseCopyable { case absent, other, integer, double }

  var kind: Kind
  var bits: UInt64

  static let absent = Number(kind: .absent, bits: 0)
  @inline(__always)
  var isAbsent: Bool { kind == .absent }
  static let other = Number(kind: .other, bits: 0)

  @inline(__always)
  var integer: Int64 { Int64(bitPattern: bits) }
  @inline(__always)
  var double: Double { Double(bitPattern: bits) }
  /// Of either kind.
  @inline(__always)
  var asDouble: Double { kind == .integer ? Double(integer) : double }
}

/// Reads the values of one column as numbers for a kernel.
protocol ColumnValues {
  associatedtype Element: RowValue

  /// What does not change while a question is answered.
  associatedtype Context

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor, _ context: Context
  ) throws(SectionProblem)

  /// `count` values from `first` on, to the places from `offset` on.
  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<Element>, at offset: Int
  ) throws(SectionProblem)
}

/// Numbers; everything else is none.
struct NumberColumn: ColumnValues {
  private var integers: IntegerCursor?
  private var doubles: DoubleCursor?

  init(
    _ column: Int, of table: PropertyTable, _ decompressor: ZstdDecompressor, _ context: Void
  ) throws(SectionProblem) {
    switch table.columns[column].kind {
    case .integer, .double: break
    default: return
    }
    switch try table.cursor(ofColumn: column, decompressor) {
    case .integers(let cursor): integers = cursor
    case .doubles(let cursor): doubles = cursor
    case .bools, .texts: break
    }
  }

  mutating func read(
    from first: Int, count: Int, into values: BlockBuffer<Number>, at offset: Int
  ) throws(SectionProblem) {
    guard integers != nil || doubles != nil else {
      for index in 0..<count { values[offset + index] = .other }
      return
    }
    var done = 0
    while done < count {
      let block = (first + done) / Section.blockRows
      let start = (first + done) % Section.blockRows
      let loaded = try load(block)
      let part = min(loaded - start, count - done)
      guard part > 0 else { throw .column("values that are not there") }
      if let integers {
        let from = integers.values
        Self.copy(from.span.extracting(start..<(start + part)), to: values, at: offset + done)
      } else if let doubles {
        let from = doubles.values
        Self.copy(from.span.extracting(start..<(start + part)), to: values, at: offset + done)
      }
      done += part
    }
  }

  private mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if let count = try integers?.load(block) { return count }
    return try doubles?.load(block) ?? 0
  }

  private static func copy(
    _ values: Span<Int64>, to target: BlockBuffer<Number>, at offset: Int
  ) {
    for index in values.indices {
      target[offset &+ index] = Number(kind: .integer, bits: UInt64(bitPattern: values[index]))
    }
  }

  private static func copy(
    _ values: Span<Double>, to target: BlockBuffer<Number>, at offset: Int
  ) {
    for index in values.indices {
      target[offset &+ index] = Number(kind: .double, bits: values[index].bitPattern)
    }
  }
}
