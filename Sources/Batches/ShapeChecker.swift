import Columns
import Events

/// Whether a sequence of fields can be one object: each member stands under an object that is open,
/// keys ascend by their bytes, nothing is nested too deep.
struct ShapeChecker {
  private let fields: [Field]

  init(fields: [Field]) { self.fields = fields }

  /// `source` is what the fields' keys point into.
  func isGood(_ shape: Span<UInt32>, _ source: Span<UInt8>) -> Bool {
    guard !shape.isEmpty else { return true }
    // The objects that are open, outermost first, and the last member of each.
    var open = InlineArray<16, UInt32>(repeating: 0)
    var last = InlineArray<16, UInt32?>(repeating: nil)
    open[0] = fields[Int(shape[0])].root
    var depth = 0
    for index in shape.indices {
      let number = shape[index]
      let field = fields[Int(number)]
      while open[depth] != field.parent {
        guard depth > 0 else { return false }
        depth -= 1
      }
      if let before = last[depth] {
        let key = fields[Int(before)].key
        guard Self.precedes(key, field.key, source) else { return false }
      }
      last[depth] = number
      if field.kind == .object {
        guard depth < EventLimits.propertiesDepth else { return false }
        depth += 1
        open[depth] = number &+ Field.base
        last[depth] = nil
      }
    }
    return true
  }

  private static func precedes(_ left: TextPlace, _ right: TextPlace, _ source: Span<UInt8>) -> Bool
  {
    let left = source.extracting(left.range)
    let right = source.extracting(right.range)
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
      return left[index] < right[index]
    }
    return left.count < right.count
  }
}
