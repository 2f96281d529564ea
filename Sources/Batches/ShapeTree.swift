import Columns
import Events

/// Recognises the shape of each event's properties while walking them: a shape is the sequence of its
/// fields, and each known beginning of a sequence is a node here. An event like one before costs one
/// comparison a key, and neither a hash nor an allocation.
struct ShapeTree {
  private struct Node {
    var field: UInt32
    var parent: Int32
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1
    /// The shape that ends here, if one has.
    var shape: Int32 = -1
  }

  private struct Step: Hashable {
    var node: Int32
    var field: UInt32
  }

  /// Looking through more brothers than this takes longer than hashing.
  private static let mostGuesses = 6

  private var nodes: [Node] = []
  private var children: [Step: Int32] = [:]
  private var shapeNumbers: [[UInt32]: UInt32] = [:]

  /// In the order of first use.
  private(set) var shapes: [[UInt32]] = []

  mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    children.removeAll(keepingCapacity: true)
    shapeNumbers.removeAll(keepingCapacity: true)
    shapes.removeAll(keepingCapacity: true)
  }

  /// A node from which nothing has been walked yet.
  mutating func addRoot() -> Int32 {
    nodes.append(Node(field: 0, parent: -1))
    return Int32(nodes.count - 1)
  }

  /// The node behind `node` for a member with this key and kind, if one of the likely ones is it.
  @inline(__always)
  func guess(
    from node: Int32, parent: UInt32, kind: FieldKind, key: TextPlace, fields: [Field],
    in source: Span<UInt8>
  ) -> Int32? {
    var child = nodes[Int(node)].firstChild
    var guesses = 0
    while child >= 0, guesses < Self.mostGuesses {
      let field = fields[Int(nodes[Int(child)].field)]
      if field.kind == kind, field.parent == parent, field.key.count == key.count,
        isSame(source, Int(field.key.offset), Int(key.offset), count: Int(key.count))
      {
        return child
      }
      child = nodes[Int(child)].nextSibling
      guesses &+= 1
    }
    return nil
  }

  @inline(__always)
  func field(of node: Int32) -> UInt32 { nodes[Int(node)].field }

  /// The node behind `node` for this field, made if need be.
  mutating func step(from node: Int32, to field: UInt32) -> Int32 {
    let step = Step(node: node, field: field)
    if let child = children[step] { return child }
    let child = Int32(nodes.count)
    nodes.append(
      Node(field: field, parent: node, nextSibling: nodes[Int(node)].firstChild))
    nodes[Int(node)].firstChild = child
    children[step] = child
    return child
  }

  /// The number of the shape whose last field is `node`.
  @inline(__always)
  mutating func shape(endingAt node: Int32) -> UInt32 {
    let known = nodes[Int(node)].shape
    return known >= 0 ? UInt32(known) : addShape(endingAt: node)
  }

  private mutating func addShape(endingAt node: Int32) -> UInt32 {
    var fields: [UInt32] = []
    var step = node
    while nodes[Int(step)].parent >= 0 {
      fields.append(nodes[Int(step)].field)
      step = nodes[Int(step)].parent
    }
    fields.reverse()
    let number: UInt32
    if let known = shapeNumbers[fields] {
      number = known
    } else {
      number = UInt32(shapes.count)
      shapeNumbers[fields] = number
      shapes.append(fields)
    }
    nodes[Int(node)].shape = Int32(number)
    return number
  }
}
