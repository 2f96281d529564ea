/// Values that stay as they are, in memory of their own: whoever holds the cells may go over them by
/// address, in loops that have no time to check.
@safe package struct Cells<Value: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable, because nobody writes to the memory once `init` is over.

  /// SAFETY: for indexes below `count`, as long as these cells or a copy of them live.
  package let start: UnsafePointer<Value>
  package let count: Int
  private let memory: Memory

  @safe private final class Memory {
    let start: UnsafeMutablePointer<Value>

    init(_ values: [Value]) {
      unsafe start = .allocate(capacity: Swift.max(1, values.count))
      unsafe values.withUnsafeBufferPointer { values in
        guard let first = values.baseAddress else { return }
        unsafe start.initialize(from: first, count: values.count)
      }
    }

    deinit { unsafe start.deallocate() }
  }

  package init(_ values: [Value] = []) {
    memory = Memory(values)
    unsafe start = UnsafePointer(memory.start)
    count = values.count
  }
}

extension Cells: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  @inline(__always)
  package subscript(index: Int) -> Value {
    precondition(index >= 0 && index < count, "no cell \(index)")
    return unsafe start[index]  // SAFETY: checked just now.
  }
}
