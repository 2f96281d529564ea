/// Room for a value of each row of a block. Loops write it by pointer; whoever takes single values is
/// checked.
@safe package final class BlockBuffer<Value: BitwiseCopyable> {
  /// SAFETY: for indexes below `capacity`, as long as the buffer lives.
  package let start: UnsafeMutablePointer<Value>

  package static var capacity: Int { 1_024 }

  package init(repeating value: Value) {
    // One more: lists are written without a branch, and what follows the last row is rubbish.
    unsafe start = UnsafeMutablePointer.allocate(capacity: Self.capacity + 1)
    unsafe start.initialize(repeating: value, count: Self.capacity + 1)
  }

  deinit { unsafe start.deallocate() }

  @inline(__always)
  package subscript(index: Int) -> Value {
    get {
      precondition(0..<Self.capacity ~= index, "no row \(index) in a block")
      return unsafe start[index]  // SAFETY: checked just now.
    }
    set {
      precondition(0..<Self.capacity ~= index, "no row \(index) in a block")
      unsafe start[index] = newValue  // SAFETY: checked just now.
    }
  }

  /// The first values, as an array.
  package func prefix(_ count: Int) -> [Value] { (0..<count).map { self[$0] } }
}

package typealias Mask = BlockBuffer<UInt8>
package typealias RowList = BlockBuffer<UInt16>

extension BlockBuffer<UInt8> {
  package convenience init() { self.init(repeating: 0) }
}
extension BlockBuffer<UInt16> {
  package convenience init() { self.init(repeating: 0) }
}
